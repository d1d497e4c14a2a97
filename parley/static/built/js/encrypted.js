import{e as a,f as o}from"./shared-DYVz5xao.js";const r=await a();o(r,await import("./conversation-DoQ0pO1k.js"));
