/** What was written and not saved, kept in this browser until it is. */
export interface Draft {
  readonly text: string;
  /** The version that it was begun with. */
  readonly versionId: string;
}

export interface KeptDraft extends Draft {
  readonly key: string;
}

const prefix = "holdfast-draft ";

/** Key of the draft of one open editor: two tabs with one file must not overwrite or drop the text of each other. */
export function draftKey(nodeId: string): string {
  return `${prefix}${nodeId} ${Math.random().toString(36).slice(2)}`;
}

/** A draft of the file, of whichever editor. */
export function readDraft(storage: Storage, nodeId: string): KeptDraft | undefined {
  const keys = Object.keys(storage).filter((key) => `${key} `.startsWith(`${prefix}${nodeId} `));
  for (const key of keys) {
    try {
      const found: unknown = JSON.parse(storage.getItem(key) ?? "null");
      if (isDraft(found)) return { ...found, key };
    } catch {
      // No draft of this app.
    }
  }
  return undefined;
}

/** @returns false where the browser has no room for it */
export function writeDraft(storage: Storage, key: string, { text, versionId }: Draft): boolean {
  try {
    storage.setItem(key, JSON.stringify({ text, versionId }));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(key);
}

/** Of an account that is signed out. */
export function dropDrafts(storage: Storage): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefix)) storage.removeItem(key);
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, "text") === "string" && typeof Reflect.get(value, "versionId") === "string";
}
