import{p as a,f as o}from"./shared-CZCEJxZD.js";const p=await a();o(p,await import("./conversation-rw1C2R9U.js"));
