import"./shared-Dlvz5rk_.js";
