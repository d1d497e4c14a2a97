// @ts-check

/** As people tell a passphrase to each other: keyboards add spaces that nobody sees. @param {string} passphrase */
export function tidied(passphrase) {
  return passphrase.trim().replace(/\s+/gu, " ");
}
