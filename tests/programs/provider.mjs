// A certified provider of OpenID Connect on loopback, with one client: `node provider.mjs PORT REDIRECT_URI SECRET`.
import Provider from "oidc-provider";

const [port, redirectUri, secret] = process.argv.slice(2);
const people = {
  ana: { sub: "ana", name: "Ana Ruiz", email: "ana@example.org", email_verified: true },
  ben: { sub: "ben", name: "Ben", email: "ben@elsewhere.example", email_verified: true },
  cleo: { sub: "cleo", name: "Cleo", email: "cleo@example.org", email_verified: false },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "parley", client_secret: secret, redirect_uris: [redirectUri], response_types: ["code"] }],
  claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => people[id] },
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
