import{k as r,o as t}from"./shared-BCqZ_n7-.js";for(const o of document.querySelectorAll("form[data-kept]"))r(o);for(const o of document.querySelectorAll(".start-form[data-kept]"))t(o);
