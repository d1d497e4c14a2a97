import{p as a,f as o}from"./shared-C0z0LBVh.js";const p=await a();o(p,await import("./conversation-C_zrIZYB.js"));
