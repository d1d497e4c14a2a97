import"./shared-DuxW8dDF.js";
