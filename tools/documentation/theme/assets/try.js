// @ts-check
// Every call and event, tried against the server that this page comes from, by its own descriptions.

const ROOT = new URL(`${document.body.dataset.base ?? "."}/..`, location.href).pathname.replace(/\/$/, "");
const place = /** @type {HTMLElement} */ (document.querySelector("#try"));
const MOST_SHOWN = 20_000;
const MOST_HEARD = 50;
/** Given for what a schema names no example of. */
const GUESSES = { room_id: () => room.value, username: () => "Tess", message: () => "Hello", text: () => "Hello", title: () => "Trying it", emoji: () => "👍" };

/** What calls are about, by the first word of their paths that stands here. */
const NOUNS = {
  Conversations: ["create", "end", "manage", "epochs", "acts", "call", "mine", "export", "import"],
  People: ["join", "leave", "participants", "enter", "knock", "knocks", "remove", "let_back", "imported", "claims", "founder", "role", "invites"],
  Messages: ["messages", "pins", "search", "events", "read", "unread", "draft", "pinned"],
  Files: ["files"],
  Links: ["link", "links", "invitations"],
  Bots: ["bots", "commands", "asks"],
  Hooks: ["hooks", "webhooks"],
  Desks: ["desks"],
  Notifications: ["notifications", "push", "mail"],
  Reports: ["reports"],
  Account: ["account"],
  Admin: ["admin"],
  Server: ["health", "ready"],
};

/** @type {HTMLInputElement} */ let room;
/** @type {HTMLInputElement} */ let token;
/** @type {any} */ let socket;

if (location.protocol !== "file:") void start();

async function start() {
  const [rest, events] = await Promise.all(["openapi", "asyncapi"].map((name) => fetch(`${ROOT}/${name}.json`).then((reply) => reply.json())));
  place.replaceChildren(who(), tabs(calls(rest), socketEvents(events)));
}

/** For whom things are done. */
function who() {
  const box = made("div", { className: "try-who" });
  room = field(box, "Conversation", "its room_id");
  token = field(box, "Token", "of a program; empty: you, as this browser knows you");
  token.type = "password";
  const begin = made("button", { type: "button", className: "try-go", textContent: "Start a conversation to try it in" });
  const said = made("p", { role: "status" });
  begin.addEventListener("click", async () => {
    const started = await ask("POST", "/api/conversations/create", { title: "Trying it", visibility: "unlisted" });
    if (!started.ok) return void (said.textContent = started.text);
    const { room_id, join_link } = JSON.parse(started.text);
    room.value = room_id;
    const link = made("a", { href: join_link, textContent: "See it on its page", target: "_blank", rel: "noopener" });
    said.replaceChildren("You own it. Join it before you post. ", link);
    place.dispatchEvent(new Event("room"));
  });
  box.append(begin, said);
  return box;
}

/** @param {HTMLElement} rest @param {HTMLElement} events */
function tabs(rest, events) {
  const box = made("div", {});
  const choice = made("div", { className: "try-tabs", role: "tablist", ariaLabel: "What to try" });
  const panels = [["REST", rest], ["Socket.IO", events]].map(([label, panel], index) => {
    const tab = made("button", { type: "button", role: "tab", textContent: /** @type {string} */ (label), id: `tab-${index}` });
    tab.setAttribute("aria-controls", `panel-${index}`);
    const shown = /** @type {HTMLElement} */ (panel);
    Object.assign(shown, { id: `panel-${index}`, role: "tabpanel" });
    shown.setAttribute("aria-labelledby", tab.id);
    choice.append(tab);
    return { tab, shown };
  });
  const choose = (chosen) => {
    for (const { tab, shown } of panels) {
      shown.hidden = tab !== chosen;
      tab.ariaSelected = String(tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
    }
  };
  for (const { tab } of panels) tab.addEventListener("click", () => choose(tab));
  choice.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = panels.find(({ tab }) => tab !== document.activeElement)?.tab;
    choose(other);
    other?.focus();
  });
  choose(panels[0].tab);
  box.append(choice, rest, events);
  return box;
}

// --- REST ---

function calls(description) {
  const panel = made("div", { className: "try-panel" });
  const all = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(/** @type {any} */ (methods)).map(([method, call]) => ({ path, method: method.toUpperCase(), call })),
  );
  const chosen = choice(panel, "Call", []);
  for (const [noun, some] of byNoun(all)) {
    const group = made("optgroup", { label: noun });
    group.append(...some.map(({ path, method, call }) => made("option", { value: call.operationId, textContent: `${method} ${path}` })));
    chosen.append(group);
  }
  const form = made("form", {});
  panel.append(form);
  const show = () => form.replaceChildren(...call(all.find((each) => each.call.operationId === chosen.value), description, form));
  chosen.addEventListener("change", show);
  chosen.value = "read";
  place.addEventListener("room", show);
  show();
  return panel;
}

function byNoun(all) {
  const groups = new Map(Object.keys(NOUNS).map((noun) => [noun, []]));
  for (const each of all) groups.get(nounOf(each.path)).push(each);
  return [...groups].filter(([, some]) => some.length);
}

function nounOf(path) {
  const words = path.split("/");
  const found = words.map((word) => Object.keys(NOUNS).find((noun) => NOUNS[noun].includes(word))).find(Boolean);
  return found ?? "Conversations";
}

function* call({ path, method, call }, description, form) {
  yield sentence(call.summary);
  const fields = new Map();
  for (const parameter of call.parameters) {
    const box = made("div", {});
    const input = field(box, parameter.name, parameter.description ?? "");
    input.required = parameter.in === "path";
    if (parameter.in === "path") input.value = GUESSES[parameter.name]?.() ?? "";
    fields.set(parameter, input);
    yield box;
  }
  const content = call.requestBody?.content ?? {};
  const body = content["application/json"] && area("Body", example(content["application/json"].schema, description));
  const file = content["application/octet-stream"] && made("input", { type: "file", ariaLabel: "File" });
  if (body) yield body.box;
  if (file) yield file;
  const answer = output("Answer");
  yield made("button", { type: "submit", className: "try-go", textContent: "Send" });
  yield answer.box;
  form.onsubmit = async (event) => {
    event.preventDefault();
    let address = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [parameter, input] of fields) {
      if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (parameter.in === "header") Object.assign(headers, input.value && { [parameter.name]: input.value });
      else if (input.value) query.set(parameter.name, input.value);
    }
    const given = file ? file.files?.[0] : body ? parsed(body.input.value) : undefined;
    if (given instanceof SyntaxError) return answer.show(`That is no JSON: ${given.message}`);
    const reply = await ask(method, address + (query.size ? `?${query}` : ""), given, headers);
    answer.show(`${reply.status}\n${reply.text}`);
  };
}

/** As whoever holds the token; without one, as you. Pages are told no tokens, so that nothing can take them away. */
async function ask(method, address, body, given = {}) {
  const headers = { ...given, ...(token.value && { Authorization: `Bearer ${token.value}` }) };
  const isFile = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
  try {
    const reply = await fetch(ROOT + address, {
      method,
      headers,
      credentials: token.value ? "omit" : "same-origin",
      body: body === undefined ? undefined : isFile ? body : JSON.stringify(body),
    });
    return { ok: reply.ok, status: `${reply.status}`, text: pretty(await reply.text()) };
  } catch (error) {
    return { ok: false, status: "No answer", text: String(error) };
  }
}

// --- Socket.IO ---

function socketEvents(description) {
  const panel = made("div", { className: "try-panel" });
  const named = (prefix) => Object.keys(description.operations).filter((name) => name.startsWith(prefix));
  const sent = named("client.").map((name) => name.slice("client.".length));
  const line = made("p", { role: "status", textContent: "Not connected." });
  const connect = made("button", { type: "button", className: "try-go", textContent: "Connect" });
  const chosen = choice(panel, "Event", sent.map((name) => [name, name]));
  const form = made("form", {});
  const heard = made("ol", { className: "try-heard", ariaLabel: "Heard" });
  connect.addEventListener("click", async () => {
    socket?.disconnect();
    const { io } = await import(await clientAddress());
    socket = io(location.origin, { path: `${ROOT}/socket.io/`, auth: token.value ? { token: token.value } : {}, forceNew: true });
    socket.on("connect", () => (line.textContent = "Connected. Begin with join_room or watch_room."));
    socket.on("disconnect", (reason) => (line.textContent = `Not connected: ${reason}.`));
    socket.on("connect_error", (error) => (line.textContent = `Not connected: ${error.message}`));
    socket.onAny((name, data) => {
      heard.prepend(entry(name, data));
      while (heard.children.length > MOST_HEARD) heard.lastElementChild?.remove();
    });
  });
  const show = () => form.replaceChildren(...event(chosen.value, description, form, line));
  chosen.addEventListener("change", show);
  place.addEventListener("room", show);
  panel.prepend(connect, line);
  panel.append(form, made("h3", { textContent: "What the server told" }), heard);
  show();
  return panel;
}

function* event(name, description, form, line) {
  yield sentence(description.operations[`client.${name}`].summary);
  const message = description.components.messages[`client.${name}`];
  const body = area("Data", example(message.payload, description));
  const answer = output("Acknowledgement");
  yield body.box;
  yield made("button", { type: "submit", className: "try-go", textContent: "Send" });
  yield answer.box;
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    if (!socket?.connected) return void (line.textContent = "Not connected: connect first.");
    const data = parsed(body.input.value);
    if (data instanceof SyntaxError) return answer.show(`That is no JSON: ${data.message}`);
    socket.timeout(30_000).emit(name, data, (error, ack) => answer.show(error ? String(error) : pretty(JSON.stringify(ack))));
  };
}

function entry(name, data) {
  const item = made("li", {});
  const details = made("details", {});
  details.append(made("summary", { textContent: name }), made("pre", { textContent: pretty(JSON.stringify(data)) }));
  item.append(details);
  return item;
}

/** The client that our own pages use, whatever its version is. */
async function clientAddress() {
  const page = await fetch(`${ROOT}/conversations`, { credentials: "omit" }).then((reply) => reply.text());
  const version = /\/static\/([0-9a-f]{12})\//.exec(page)?.[1];
  return `${ROOT}/static/${version}/vendor/socket.io.esm.min.js`;
}

// --- what schemas say ---

/** What must be there, filled with something that may do. */
function example(schema, description) {
  const struct = resolved(schema, description);
  const names = struct.required ?? [];
  const guessed = Object.keys(struct.properties ?? {}).filter((name) => names.includes(name) || name in GUESSES);
  return Object.fromEntries(guessed.map((name) => [name, GUESSES[name]?.() ?? blank(struct.properties[name], description)]));
}

function blank(schema, description) {
  const { type, anyOf, const: only, enum: some } = resolved(schema, description);
  if (only !== undefined) return only;
  if (some) return some[0];
  if (anyOf) return blank(anyOf[0], description);
  return { string: "", integer: 0, number: 0, boolean: false, array: [], object: {} }[type] ?? null;
}

function resolved(schema, description) {
  const name = schema.$ref?.split("/").at(-1);
  return name ? description.components.schemas[name] : schema;
}

function parsed(text) {
  try {
    return text.trim() ? JSON.parse(text) : {};
  } catch (error) {
    return error;
  }
}

function pretty(text) {
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not all that is answered is JSON.
  }
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}\n… and ${shown.length - MOST_SHOWN} more characters` : shown;
}

// --- elements ---

let count = 0;

function field(box, label, hint) {
  const input = made("input", { id: `try-${++count}`, placeholder: hint, autocomplete: "off", spellcheck: false });
  box.append(made("label", { htmlFor: input.id, textContent: label }), input);
  return input;
}

function area(label, value) {
  const box = made("div", {});
  const input = made("textarea", { id: `try-${++count}`, rows: 8, spellcheck: false, value: JSON.stringify(value, null, 2) });
  box.append(made("label", { htmlFor: input.id, textContent: label }), input);
  return { box, input };
}

function choice(box, label, options) {
  const select = made("select", { id: `try-${++count}` });
  for (const [value, text] of options) select.append(made("option", { value, textContent: text }));
  box.append(made("label", { htmlFor: select.id, textContent: label }), select);
  return select;
}

/** What stands between backticks is code. */
function sentence(text) {
  const line = made("p", {});
  text.split("`").forEach((part, index) => line.append(index % 2 ? made("code", { textContent: part }) : part));
  return line;
}

function output(label) {
  const box = made("div", { hidden: true, role: "status" });
  const text = made("pre", { tabIndex: 0 });
  box.append(made("h3", { textContent: label }), text);
  return {
    box,
    show(said) {
      text.textContent = said;
      box.hidden = false;
    },
  };
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} properties
 */
function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
