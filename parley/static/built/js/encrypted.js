import{e as a,f as o}from"./shared-DCHha9z5.js";const r=await a();o(r,await import("./conversation-B-nY8Hbi.js"));
