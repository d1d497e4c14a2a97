import{p as a,f as o}from"./shared-DpBmk4oQ.js";const p=await a();o(p,await import("./conversation-B_2Q5vft.js"));
