import"./shared-CoThUXjs.js";
