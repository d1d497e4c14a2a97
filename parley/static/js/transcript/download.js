// @ts-check
// Saving the file of a message, where it has one.

import { between } from "../connection/between.js";

/** @type {import("./actions.js").Action} */
export const download = {
  name: "download",
  label: "Download",
  key: "s",
  icon: "M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13",
  isFor: ({ attachments }) => attachments?.length === 1,
  run: ({ attachments: [file] = [] }) => {
    if (file.sealed) return void between.files?.save(file.id).catch(() => {}); // the page says why, where it stands
    const link = document.createElement("a");
    [link.href, link.download] = [file.url, file.name];
    link.click();
  },
};
