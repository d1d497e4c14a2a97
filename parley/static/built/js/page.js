import{k as r,o as t}from"./shared-_dXZQl8F.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);for(const o of document.querySelectorAll(".start-form[data-kept]"))t(o);
