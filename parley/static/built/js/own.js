import"./shared-I_tNMjqo.js";
