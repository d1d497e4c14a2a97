import{p as a,f as o}from"./shared-B4_UxjFg.js";const p=await a();o(p,await import("./conversation-qJFxqYJu.js"));
