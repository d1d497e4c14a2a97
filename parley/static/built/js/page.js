import{k as r}from"./shared-BPTfqtax.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);
