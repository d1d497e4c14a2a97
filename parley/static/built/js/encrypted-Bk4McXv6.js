import{b as t}from"./shared-BeieCPxb.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
