import{p as a,f as o}from"./shared-B1tEx-1i.js";const p=await a();o(p,await import("./conversation-C7bfoBbf.js"));
