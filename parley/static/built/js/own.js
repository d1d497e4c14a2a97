import"./shared-c3yVg9kH.js";
