// @ts-check
// All emoji: a search, the groups, a grid to walk about in with the arrow keys, and the skin tone. What it shares with
// the page it is given: an import would cut the page's own script into more pieces.
import { GROUPS, entryOf, find, inTone } from "./words.js";

/** @typedef {import("./words.js").Entry} Entry */

const CELL_PX = 44;
const COLUMNS_MAX = 9;
const TONE_NAMES = ["no skin tone", "light", "medium-light", "medium", "medium-dark", "dark"];

export class AllEmoji {
  /**
   * @param {HTMLElement} root
   * @param {typeof import("./kept.js") & {pick: (emoji: string) => void,
   *   step: (row: HTMLElement, event: KeyboardEvent) => void}} page
   */
  constructor(root, page) {
    this.page = page;
    this.columns = COLUMNS_MAX;
    /** Counts what is shown, so that a longer list stops where another one begins. */
    this.shown = 0;
    this.search = searchField();
    this.search.addEventListener("input", () => this.list());
    this.search.addEventListener("keydown", (event) => this.leaveSearch(event));
    this.tabs = this.bar("picker-tabs", "Groups");
    this.grid = document.createElement("div");
    this.grid.className = "picker-grid";
    this.grid.setAttribute("role", "grid");
    this.grid.setAttribute("aria-label", "Emoji");
    this.grid.addEventListener("keydown", (event) => this.walk(event));
    this.grid.addEventListener("click", ({ target }) => this.picked(/** @type {HTMLElement} */ (target)));
    for (const type of ["focusin", "pointerover"]) this.grid.addEventListener(type, ({ target }) => this.tell(target));
    this.name = document.createElement("p");
    this.name.className = "picker-name";
    this.name.setAttribute("role", "status");
    this.tones = this.bar("picker-tones", "Skin tone");
    const foot = document.createElement("div");
    foot.className = "picker-foot";
    foot.append(this.name, this.tones);
    root.replaceChildren(this.search, this.tabs, this.grid, foot);
  }

  /**
   * @param {string} className
   * @param {string} name
   */
  bar(className, name) {
    const made = document.createElement("div");
    made.className = className;
    made.setAttribute("role", "toolbar");
    made.setAttribute("aria-label", name);
    made.addEventListener("keydown", (event) => this.page.step(made, event));
    return made;
  }

  show() {
    this.search.value = "";
    this.columns = Math.max(6, Math.min(COLUMNS_MAX, Math.floor(this.grid.clientWidth / CELL_PX)));
    this.grid.style.setProperty("--columns", String(this.columns));
    this.tones.replaceChildren(...this.page.TONES.map((each, at) => this.toneButton(each, TONE_NAMES[at])));
    this.list();
    if (!matchMedia("(hover: none)").matches) this.search.focus();
    else this.firstCell()?.focus({ preventScroll: true }); // a keyboard over half the screen is for who asks for it
  }

  list() {
    this.shown += 1;
    const query = this.search.value;
    const found = query.trim() ? find(query) : undefined;
    this.tabs.hidden = found !== undefined;
    this.name.textContent = found && !found.length ? "No emoji found" : "";
    this.grid.replaceChildren();
    this.grid.scrollTop = 0;
    if (found) return this.add("", found);
    const used = this.page.recent().flatMap((emoji) => {
      const entry = entryOf(emoji);
      return entry ? [{ ...entry, emoji, toned: "" }] : [];
    });
    const groups = [...(used.length ? [{ name: "Recent", entries: used }] : []), ...GROUPS];
    this.tabs.replaceChildren(...groups.map((group, at) => this.tab(group, at)));
    this.addEach(groups, this.shown);
  }

  /**
   * A group a frame: two thousand at once would hold up a phone.
   * @param {{name: string, entries: Entry[]}[]} groups
   * @param {number} shown
   */
  addEach([group, ...others], shown) {
    if (!group || shown !== this.shown) return;
    this.add(group.name, group.entries);
    requestAnimationFrame(() => this.addEach(others, shown));
  }

  /**
   * @param {string} name
   * @param {Entry[]} entries
   */
  add(name, entries) {
    const section = document.createElement("div");
    section.className = "picker-group";
    section.setAttribute("role", "rowgroup");
    section.setAttribute("aria-label", name || "Found");
    section.dataset.name = name;
    for (let at = 0; at < entries.length; at += this.columns) {
      section.append(row(entries.slice(at, at + this.columns), this.page.tone()));
    }
    section.style.setProperty("--rows", String(section.childElementCount));
    this.grid.append(section);
    const first = this.firstCell();
    if (first && !this.grid.querySelector('[tabindex="0"]')) first.tabIndex = 0;
  }

  firstCell() {
    return /** @type {HTMLElement | null} */ (this.grid.querySelector(".emoji"));
  }

  /**
   * @param {{name: string, entries: Entry[]}} group
   * @param {number} at
   */
  tab({ name, entries }, at) {
    const button = emojiButton(name === "Recent" ? "🕒" : entries[0].emoji, name);
    button.tabIndex = at ? -1 : 0;
    button.addEventListener("click", () => this.grid.querySelector(`[data-name="${name}"]`)?.scrollIntoView());
    return button;
  }

  /**
   * @param {string} each
   * @param {string} name
   */
  toneButton(each, name) {
    const isChosen = each === this.page.tone();
    const button = emojiButton(`✋${each}`, `Skin tone: ${name}`);
    button.setAttribute("aria-pressed", String(isChosen));
    button.tabIndex = isChosen ? 0 : -1;
    button.addEventListener("click", () => this.chooseTone(each));
    return button;
  }

  /** @param {string} chosen */
  chooseTone(chosen) {
    const { TONES, chooseTone } = this.page;
    chooseTone(chosen);
    [...this.tones.children].forEach((button, at) => button.setAttribute("aria-pressed", String(TONES[at] === chosen)));
    for (const cell of /** @type {NodeListOf<HTMLElement>} */ (this.grid.querySelectorAll("[data-toned]"))) {
      const { plain: emoji = "", toned = "" } = cell.dataset;
      cell.textContent = inTone({ emoji, toned, name: "", words: [] }, chosen);
    }
  }

  /** @param {HTMLElement} target */
  picked(target) {
    const cell = target.closest(".emoji");
    if (cell?.textContent) this.page.pick(cell.textContent);
  }

  /** @param {EventTarget | null} target */
  tell(target) {
    const cell = target instanceof Element ? target.closest(".emoji") : null;
    if (cell) this.name.textContent = cell.getAttribute("aria-label");
  }

  /** @param {KeyboardEvent} event */
  leaveSearch(event) {
    const first = this.firstCell();
    if (!first || event.isComposing) return;
    if (event.key === "Enter" && this.search.value.trim()) this.picked(first);
    else if (event.key === "ArrowDown") this.goTo(first);
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const cell = /** @type {HTMLElement} */ (event.target);
    const rows = [...this.grid.querySelectorAll(".picker-row")];
    const at = rows.findIndex((each) => each.contains(cell));
    const cells = [...(rows[at]?.children ?? [])];
    const column = cells.indexOf(cell);
    const flat = [...this.grid.querySelectorAll(".emoji")];
    const below = rows[at + 1]?.children;
    const above = rows[at - 1]?.children;
    const next = {
      ArrowRight: flat[flat.indexOf(cell) + 1],
      ArrowLeft: flat[flat.indexOf(cell) - 1],
      ArrowDown: below?.[Math.min(column, below.length - 1)],
      ArrowUp: above ? above[Math.min(column, above.length - 1)] : this.search,
      Home: cells[0],
      End: cells.at(-1),
    }[event.key];
    if (next) {
      this.goTo(/** @type {HTMLElement} */ (next));
      event.preventDefault();
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.search.focus(); // whoever types is looking for something: the letter goes there
    }
  }

  /** @param {HTMLElement} cell */
  goTo(cell) {
    if (cell !== this.search) {
      for (const each of this.grid.querySelectorAll('[tabindex="0"]')) /** @type {HTMLElement} */ (each).tabIndex = -1;
      cell.tabIndex = 0;
    }
    cell.focus();
  }
}

function searchField() {
  const field = document.createElement("input");
  field.type = "search";
  field.className = "picker-search";
  field.placeholder = "Search emoji";
  field.setAttribute("aria-label", "Search emoji");
  field.autocomplete = "off";
  return field;
}

/**
 * @param {Entry[]} entries
 * @param {string} tone
 */
function row(entries, tone) {
  const made = document.createElement("div");
  made.className = "picker-row";
  made.setAttribute("role", "row");
  made.append(...entries.map((entry) => {
    const cell = emojiButton(inTone(entry, tone), entry.name);
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = -1;
    if (entry.toned) Object.assign(cell.dataset, { plain: entry.emoji, toned: entry.toned });
    return cell;
  }));
  return made;
}

/**
 * @param {string} emoji
 * @param {string} name
 */
function emojiButton(emoji, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "emoji";
  button.textContent = emoji;
  button.setAttribute("aria-label", name);
  return button;
}
