import{p as a,f as o}from"./shared-YnqrHYMy.js";const p=await a();o(p,await import("./conversation-HQtAqhYb.js"));
