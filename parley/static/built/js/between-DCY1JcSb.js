import{c as n}from"./shared-D4cQztyB.js";const s={saved:n,socket:e=>e,reply:(e,a,d)=>e,messages:void 0,search:void 0,files:void 0,lock:e=>e,unlock:e=>e};export{s as b};
