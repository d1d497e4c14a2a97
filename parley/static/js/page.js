// @ts-check
// What every page has.
import { selectLinksWhole } from "./copy-link.js";
import "./theme.js";
import { showLocalTimes } from "./time.js";

showLocalTimes(document);
selectLinksWhole(document);
