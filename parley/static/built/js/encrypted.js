import{p as a,f as o}from"./shared-CMOH3jRm.js";const p=await a();o(p,await import("./conversation-BnlhUA9O.js"));
