// @ts-check
// What people are called, as far as the page knows.

/**
 * @param {string} name
 * @param {number} most characters
 */
export function shortName(name, most) {
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}

/**
 * @param {import("../state/store.js").State} state
 * @returns {(userId: string) => string | undefined}
 */
export function nameIn({ people, messages }) {
  return (userId) => {
    /** @param {{user_id: string}} each */
    const isTheirs = (each) => each.user_id === userId;
    const person = people.find(isTheirs);
    if (person) return person.username;
    for (let at = messages.length - 1; at >= 0; at -= 1) if (isTheirs(messages[at])) return messages[at].username;
    return undefined;
  };
}
