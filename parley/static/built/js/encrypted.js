import{e as a,f as o}from"./shared-4iFgs9Nt.js";const r=await a();o(r,await import("./conversation-C5qGcy-u.js"));
