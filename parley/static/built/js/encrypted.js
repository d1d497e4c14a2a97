import{p as a,f as o}from"./shared-DjI7Pvcu.js";const p=await a();o(p,await import("./conversation-BhuwHztx.js"));
