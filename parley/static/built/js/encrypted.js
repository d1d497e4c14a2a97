import{p as a,f as o}from"./shared-DfrPo_es.js";const p=await a();o(p,await import("./conversation-DBJWxfJn.js"));
