import"./shared-J0geyose.js";
