/** More than are shown, because some may be gone. */
const keptMax = 8;
/** `forgetAccount` deletes it. */
const key = "holdfast-recent-folders";

interface Kept {
  readonly account: string;
  readonly ids: readonly string[];
}

/**
 * @param account undefined on the page of a link
 * @returns ids of the folders into which the account moved or copied on this device, latest first
 */
export function recentFolders(account: string | undefined): readonly string[] {
  if (account === undefined) return [];
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as { [Name in keyof Kept]?: unknown } | null;
    if (kept?.account !== account || !Array.isArray(kept.ids)) return [];
    return kept.ids.filter((id) => typeof id === "string");
  } catch {
    return [];
  }
}

/** @param account undefined on the page of a link, where nothing is stored */
export function noteFolder(account: string | undefined, id: string): void {
  if (account === undefined) return;
  const ids = [id, ...recentFolders(account).filter((other) => other !== id)].slice(0, keptMax);
  try {
    localStorage.setItem(key, JSON.stringify({ account, ids } satisfies Kept));
  } catch {
    // Storage is full or blocked, so the folder is not listed next time.
  }
}
