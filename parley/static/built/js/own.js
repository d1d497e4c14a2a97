import"./shared-TMu9ZAI-.js";
