import{s as e,l as s,a as m,k as r}from"./shared-tkEOop0t.js";e(document),s(document),m(document);for(const o of document.querySelectorAll("form[data-kept]"))r(o);
