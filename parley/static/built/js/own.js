import"./shared-BEya8nuM.js";
