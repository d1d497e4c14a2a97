import{k as r}from"./shared-GEw-0kCB.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);
