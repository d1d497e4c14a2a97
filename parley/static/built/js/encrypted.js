import{e as a,f as o}from"./shared-DrH8vz0r.js";const r=await a();o(r,await import("./conversation-CjNwu_of.js"));
