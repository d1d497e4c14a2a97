import{k as r}from"./shared-DRB8kg2Q.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);
