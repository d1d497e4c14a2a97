import"./shared-D3Ztbseo.js";
