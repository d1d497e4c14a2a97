import{p as a,f as o}from"./shared-R5VerXUX.js";const p=await a();o(p,await import("./conversation-Bn-pyG_0.js"));
