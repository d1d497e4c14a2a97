// @ts-check
// What every page has.
import { selectLinksWhole } from "./browser/copy-link.js";
import "./browser/theme.js";
import { showLocalTimes } from "./browser/time.js";

showLocalTimes(document);
selectLinksWhole(document);
