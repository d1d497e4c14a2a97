import"./shared-BJz_dVfa.js";
