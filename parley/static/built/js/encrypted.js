import{p as a,f as o}from"./shared-BoXb7QWc.js";const p=await a();o(p,await import("./conversation-DhMnJkCW.js"));
