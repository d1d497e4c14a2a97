import"./shared-Dsz65QVx.js";
