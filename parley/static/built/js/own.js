import"./shared-DqCpZ-ZB.js";
