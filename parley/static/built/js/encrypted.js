import{p as a,f as o}from"./shared-B--Y49Mf.js";const p=await a();o(p,await import("./conversation-CnoWqNeQ.js"));
