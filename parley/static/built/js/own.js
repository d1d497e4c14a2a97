import"./shared-Dg-pNyR4.js";
