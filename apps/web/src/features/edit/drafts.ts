/** What was written and not saved, kept in this browser until it is. */
export interface Draft {
  readonly text: string;
  /** The version that it was begun with. */
  readonly versionId: string;
}

const prefix = "holdfast-draft ";

export function readDraft(storage: Storage, nodeId: string): Draft | undefined {
  try {
    const found: unknown = JSON.parse(storage.getItem(prefix + nodeId) ?? "null");
    return isDraft(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** @returns false where the browser has no room for it */
export function writeDraft(storage: Storage, nodeId: string, draft: Draft): boolean {
  try {
    storage.setItem(prefix + nodeId, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(storage: Storage, nodeId: string): void {
  storage.removeItem(prefix + nodeId);
}

/** Of an account that is signed out. */
export function dropDrafts(storage: Storage): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefix)) storage.removeItem(key);
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, "text") === "string" && typeof Reflect.get(value, "versionId") === "string";
}
