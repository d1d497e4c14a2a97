import"./shared-DH28bLU0.js";
