import{p as a,f as o}from"./shared-CyKJjYfR.js";const p=await a();o(p,await import("./conversation-BF9ram-d.js"));
