import"./shared-5_KeUch4.js";
