import{b as t}from"./shared-CGfEV62I.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
