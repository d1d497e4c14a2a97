import"./shared-DkqmdV7N.js";
