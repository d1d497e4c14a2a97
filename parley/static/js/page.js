// @ts-check
// What every page has.
import { selectLinksWhole } from "./browser/copy-link.js";
import "./browser/theme.js";
import { learnHours, showLocalTimes } from "./browser/time.js";

showLocalTimes(document);
learnHours(document);
selectLinksWhole(document);
