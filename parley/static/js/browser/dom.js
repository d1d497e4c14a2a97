// @ts-check

/**
 * The element the page's template promises under this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return /** @type {T} */ (element);
}

/**
 * A fresh copy of a `<template>`'s one element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function cloneTemplate(id) {
  const template = /** @type {HTMLTemplateElement} */ (byId(id));
  const element = template.content.firstElementChild;
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (element), true));
}

/**
 * @param {Element} element
 * @param {string} name what its template calls it in `data-part`
 * @returns {HTMLElement}
 */
export function part(element, name) {
  const found = element.querySelector(`[data-part="${name}"]`);
  if (!found) throw new Error(`The template has no part "${name}".`);
  return /** @type {HTMLElement} */ (found);
}
