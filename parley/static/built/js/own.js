import"./shared-Dpj3vU08.js";
