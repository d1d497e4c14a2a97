import{p as a,f as o}from"./shared-DphgGHa_.js";const p=await a();o(p,await import("./conversation-t5YJigjj.js"));
