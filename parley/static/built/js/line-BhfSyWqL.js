const a={"Parley-Page":"1"};export{a as O};
