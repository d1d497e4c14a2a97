import"./shared-CTGNKLVC.js";
