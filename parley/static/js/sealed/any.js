// @ts-check
// Whether this browser has the key of any encrypted conversation: most have none, and load nothing of all that.
import { ROOT } from "../browser/root.js";

export const DATABASE = "parley-keys";

/** Never rejects. Browsers that can't say may have some. @returns {Promise<boolean>} */
export async function isAnyKept() {
  try {
    const databases = await indexedDB.databases?.();
    return databases?.some(({ name }) => name === ROOT + DATABASE) ?? true;
  } catch {
    return false;
  }
}
