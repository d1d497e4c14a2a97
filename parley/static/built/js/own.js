import"./shared-BXCga9et.js";
