import"./shared-Ct1BpsmG.js";
