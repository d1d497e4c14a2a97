import"./shared-dQ79XR63.js";
