import"./shared-NTsgE9qc.js";
