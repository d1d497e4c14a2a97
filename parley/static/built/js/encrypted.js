import{p as a,f as o}from"./shared-Bg3klY7B.js";const p=await a();o(p,await import("./conversation-DCVFI07_.js"));
