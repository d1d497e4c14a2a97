import{b as t}from"./shared-C-U9YgB-.js";function o(){return t("composer").getAttribute("method")==="dialog"}export{o as i};
