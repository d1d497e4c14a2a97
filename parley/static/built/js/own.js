import"./shared-BznQZb0D.js";
