// @ts-check
// Who came and went, and what changed, collapsed into one quiet line for as long as nobody says anything.

/**
 * @typedef {{id: number, afterSeq: number, at: string, joined: string[], left: string[], said: string[], began?: number}} Notice
 *   `began`: of encrypted conversations, the number of the key that is used from there on
 */

const KEPT_NOTICES = 50;
const NAMED = 3;

/**
 * @param {{notices: Notice[], seq: number}} state
 * @param {"joined" | "left" | "said"} what
 * @param {string} name of who came or went; or a sentence to be said as it is
 * @param {string} at when
 * @returns {Notice[]}
 */
export function addNotice({ notices, seq }, what, name, at) {
  const last = notices.at(-1);
  const open = last?.afterSeq === seq ? last : { id: 1 + Math.max(0, ...notices.map(({ id }) => id)), afterSeq: seq, at, joined: [], left: [], said: [] };
  const without = {
    ...open,
    joined: open.joined.filter((other) => other !== name),
    left: open.left.filter((other) => other !== name),
    said: open.said.filter((other) => other !== name),
  };
  const changed = { ...without, [what]: [...without[what], name] };
  return [...notices.filter((notice) => notice !== open), changed].slice(-KEPT_NOTICES);
}

/** @param {Notice} notice */
export function noticeText({ joined, left, said }) {
  const sentences = [];
  if (joined.length) sentences.push(`${nameList(joined)} joined`);
  if (left.length) sentences.push(`${nameList(left)} left`);
  sentences.push(...said);
  return sentences.join(" · ");
}

/** @param {string[]} names */
function nameList(names) {
  if (names.length === 1) return names[0];
  if (names.length <= NAMED) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, NAMED - 1).join(", ")} and ${names.length - NAMED + 1} others`;
}
