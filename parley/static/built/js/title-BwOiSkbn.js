function t({title:n,room_id:o}){return n===`Conversation ${o}`?"Untitled conversation":n}export{t};
