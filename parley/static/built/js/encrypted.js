import{p as a,f as o}from"./shared-B8VScHJt.js";const p=await a();o(p,await import("./conversation-bVEGiXsF.js"));
