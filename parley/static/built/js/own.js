import"./shared-dU1j8AeD.js";
