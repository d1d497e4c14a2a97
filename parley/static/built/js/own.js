import"./shared-C3upCj_V.js";
