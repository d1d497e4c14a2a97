import{p as a,f as o}from"./shared-D6fUbWuJ.js";const p=await a();o(p,await import("./conversation-RV0P99Q1.js"));
