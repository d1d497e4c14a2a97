import{e as a,f as o}from"./shared-D3LFkzEP.js";const r=await a();o(r,await import("./conversation-kTnkrwBx.js"));
