import{c as s}from"./shared-D9P_8ZwM.js";const a={saved:s,socket:e=>e,reply:(e,o,n)=>e,messages:void 0,lock:e=>e,unlock:e=>e};export{a as b};
