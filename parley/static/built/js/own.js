import"./shared-D7pHhqg9.js";
