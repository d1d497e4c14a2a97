import{e as a,f as o}from"./shared-CR8QwHPh.js";const r=await a();o(r,await import("./conversation-DIMwMFfi.js"));
