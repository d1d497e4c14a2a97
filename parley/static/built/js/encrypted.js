import{p as a,f as o}from"./shared-CqaqDfBy.js";const p=await a();o(p,await import("./conversation-T2no6cnc.js"));
