// @ts-check
// Which sections a search finds, the best first.

/** Of a page of generated tables, the heading behind which each section is a table of a type's fields. */
const TYPES = "protocol.html#objects";

/**
 * The sections that hold all words: those with a word in their title first, whole words before their beginnings. Tables of types
 * come last, but for the one whose name was asked for.
 * @template {{location: string, title: string, plain: string}} Section
 * @param {Section[]} sections in the order of the index
 * @param {string[]} words in small letters
 * @returns {Section[]}
 */
export function ranked(sections, words) {
  const types = sections.findIndex(({ location }) => location === TYPES);
  const [page] = TYPES.split("#");
  const asked = words.join(" ");
  return sections
    .map((section, at) => {
      const isType = types >= 0 && at > types && section.location.startsWith(`${page}#`);
      // "Hook" and "Message" are words of everyday, and mean the thing.
      const isNamed = /\p{Ll}\p{Lu}/u.test(section.title) && section.title.toLowerCase() === asked;
      return { section, points: points(section, words, asked), comesLast: isType && !isNamed };
    })
    .filter((each) => each.points > 0)
    .sort((a, b) => Number(a.comesLast) - Number(b.comesLast) || b.points - a.points)
    .map(({ section }) => section);
}

/** 0 where a word is missing; a section counts more than the whole page that it is in. */
function points(section, words, asked) {
  const title = section.title.toLowerCase();
  const text = section.plain.toLowerCase();
  let sum = (section.location.includes("#") ? 5 : 0) + (title === asked ? 100 : 0);
  for (const word of words) {
    const found = 10 * holds(title, word) + holds(text, word);
    if (!found) return 0;
    sum += found;
  }
  return sum;
}

/** How well a text holds a word: 0 not at all, 1 inside another, 3 at the beginning of one, 6 as it is. */
function holds(text, word) {
  let best = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const begins = !isLetter(text, at - 1);
    const ends = !isLetter(text, at + word.length);
    if (begins && ends) return 6;
    best = Math.max(best, begins ? 3 : 1);
  }
  return best;
}

function isLetter(text, at) {
  return /[\p{L}\p{N}_]/u.test(text[at] ?? "");
}
