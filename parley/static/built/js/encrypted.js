import{p as a,f as o}from"./shared-CJKjvtuQ.js";const p=await a();o(p,await import("./conversation-CPWLNXEF.js"));
