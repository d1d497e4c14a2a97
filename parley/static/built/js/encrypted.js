import{p as a,f as o}from"./shared-BlrIklzI.js";const p=await a();o(p,await import("./conversation-BRk18il6.js"));
