// @ts-check
// What a conversation is called on the page. One without a title has the id that leads to it for one on the wire, and
// whoever sees the screen would have its link. `pages/titles.py` says the same.

/**
 * @param {{title: string, room_id: string}} conversation
 * @returns {string}
 */
export function titleOf({ title, room_id: roomId }) {
  return title === `Conversation ${roomId}` ? "Untitled conversation" : title;
}
