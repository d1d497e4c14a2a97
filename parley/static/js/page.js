// @ts-check
// What every page has.
import "./copy-link.js";
import "./theme.js";
import { showLocalTimes } from "./time.js";

showLocalTimes(document);
