import"./shared-DXCViRN4.js";
