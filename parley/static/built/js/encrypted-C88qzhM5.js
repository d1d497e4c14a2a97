import{b as t}from"./shared-C653Aw4A.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
