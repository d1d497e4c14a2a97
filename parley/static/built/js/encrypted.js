import{p as a,f as o}from"./shared-BeieCPxb.js";const p=await a();o(p,await import("./conversation-sUP-WWTb.js"));
