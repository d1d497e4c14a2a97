import"./shared-DMQTyYNp.js";
