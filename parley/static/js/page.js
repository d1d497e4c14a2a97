// @ts-check
// What a page has: all but a conversation's may have a form that is kept.
import "./browser/every-page.js";
import { keepForm } from "./browser/kept-form.js";
import { offerEncryption } from "./sealed/starting.js";

for (const form of document.querySelectorAll("form[data-kept]")) keepForm(/** @type {HTMLFormElement} */ (form));
for (const form of document.querySelectorAll(".start-form[data-kept]")) offerEncryption(/** @type {HTMLFormElement} */ (form));
