import{k as r}from"./shared-tGXosD1e.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);
