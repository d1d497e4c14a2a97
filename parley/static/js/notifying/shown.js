// @ts-check
// Notifications that are shown. A push service may have taken none of the news that one was read: Apple's gets none.
import { pathOf } from "../browser/root.js";

/**
 * Never rejects.
 * @param {(data: {key: string, url: string}, subject: string) => boolean} isOver
 */
async function closeThose(isOver) {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    for (const shown of (await registration?.getNotifications?.()) ?? []) {
      if (shown.data && isOver(shown.data, shown.tag.split("-")[0])) shown.close();
    }
  } catch {
    // It is swept away by hand.
  }
}

/** @param {string} key what the conversation is known by */
export function close(key) {
  return closeThose((data) => data.key === key);
}

/**
 * What was read, or is not one's own any more.
 * @param {{conversations: {room_id: string, unread: number}[], next_cursor?: string}} mine the newest of one's own
 */
export function closeRead({ conversations, next_cursor: goesOn }) {
  const unread = new Map(conversations.map(({ room_id: id, unread }) => [pathOf(id), unread]));
  return closeThose(({ url }, subject) => {
    if (subject !== "talk") return false;
    return (unread.get(url.split("#")[0]) ?? (goesOn ? 1 : 0)) === 0;
  });
}
