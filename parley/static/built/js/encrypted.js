import{p as a,f as o}from"./shared-B4k2O3T_.js";const p=await a();o(p,await import("./conversation-C8_yQLbG.js"));
