import{b as t}from"./shared-DphgGHa_.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
