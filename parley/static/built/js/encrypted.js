import{p as a,f as o}from"./shared-CPx0Ozrk.js";const p=await a();o(p,await import("./conversation-0HLpSLn-.js"));
