import{p as a,f as o}from"./shared-C-U9YgB-.js";const p=await a();o(p,await import("./conversation-B7oK5vxc.js"));
