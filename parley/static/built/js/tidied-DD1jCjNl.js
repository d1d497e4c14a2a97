function e(t){return t.trim().replace(/\s+/gu," ")}export{e as t};
