// @ts-check
// The search of the browser as the other side of a test: a line of JSON in, one out.
import { answer } from "../answering.mjs";

const FOLDER = "../../parley/static/js/sealed/searching/";
const { fold, foldWithOrigins, pieces } = await import(`${FOLDER}words.js`);
const { parse, sizeOf } = await import(`${FOLDER}queries.js`);
const { plain } = await import(`${FOLDER}plain.js`);
const { canBeInside, isFound, resultOf } = await import(`${FOLDER}matching.js`);

/** @type {Record<string, (asked: any) => any>} */
const ACTS = {
  fold({ text }) {
    const folded = fold(text);
    const { origins } = foldWithOrigins(text);
    // By its signs, as Python counts them.
    const starts = [...folded].reduce((all, sign) => [...all, all[all.length - 1] + sign.length], [0]);
    const found = pieces(folded).map(({ word, isRun }) => [word, isRun]);
    return { folded, pieces: found, origins: starts.map((at) => origins[at]) };
  },
  folds({ texts }) {
    return texts.map((/** @type {string} */ text) => [fold(text), pieces(fold(text)).map(({ word, isRun }) => [word, isRun])]);
  },
  plain({ parts }) {
    return plain(parts);
  },
  parse({ typed, zone }) {
    const { wanted, unwanted, authors, has, times } = parse(typed, zone);
    return {
      size: sizeOf({ wanted, unwanted, authors, has, times }), wanted: wanted.length, unwanted: unwanted.length,
      authors: authors.map(({ userId, name, isNot }) => [userId, name, isNot]), has: has.map(({ kind, isNot }) => [kind, isNot]),
      times: times.map(({ since, until, isNot }) => [since, until, isNot]),
    };
  },
  find({ typed, text }) {
    // Who wrote it, and when, is asked elsewhere.
    const query = { ...parse(typed), authors: [], has: [], times: [] };
    const folded = fold(text);
    const message = { message: text, username: "Ada", user_id: "ada", timestamp: "2026-11-29T12:00:00+00:00" };
    const isThere = isFound(query, message, folded, false);
    const isInside = canBeInside(query) && isFound(query, message, folded, true);
    const { snippet } = resultOf(query, message, isInside);
    return {
      is_there: isThere, is_inside: isInside,
      snippet: snippet.map(({ text: piece, hit }) => [piece, hit]),
    };
  },
};

await answer(ACTS);
