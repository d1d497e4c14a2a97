import"./shared-CuvVCZh9.js";
