import"./shared-DTBjwihP.js";
