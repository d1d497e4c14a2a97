function c(t,n={},a=[]){const e=document.createElement(t);for(const[o,r]of Object.entries(n))e.setAttribute(o,r);return e.append(...a),e}export{c as m};
