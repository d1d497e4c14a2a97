import"./shared-DRJ1wMVb.js";
