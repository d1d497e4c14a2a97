import{p as a,f as o}from"./shared-ibsa0mwD.js";const p=await a();o(p,await import("./conversation-BOYGgl3g.js"));
