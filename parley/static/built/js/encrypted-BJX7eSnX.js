import{b as t}from"./shared-BfU_WwOv.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
