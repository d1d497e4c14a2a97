import{k as r,o as t}from"./shared-xC0zDLej.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);for(const o of document.querySelectorAll(".start-form[data-kept]"))t(o);
