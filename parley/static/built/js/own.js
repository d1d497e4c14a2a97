import"./shared-BB0VLh1X.js";
