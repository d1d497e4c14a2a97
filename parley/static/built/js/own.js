import"./shared-sZRu5yMz.js";
