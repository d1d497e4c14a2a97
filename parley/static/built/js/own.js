import"./shared-BRzmUBrm.js";
