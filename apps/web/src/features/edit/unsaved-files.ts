/** Unsaved text in any tab, open or closed. */
export interface UnsavedFile {
  readonly id: string;
  readonly name: string | undefined;
}

/** Other accounts in this browser neither see nor remove the drafts. */
export type DraftOwner = string | undefined;

const prefix = "holdfast-draft ";

export function prefixOf(owner: DraftOwner): string {
  return `${prefix}${owner ?? ""} `;
}

export function unsavedFiles(storage: Storage, owner: DraftOwner): UnsavedFile[] {
  const files = new Map<string, UnsavedFile>();
  for (const key of Object.keys(storage).filter((each) => each.startsWith(prefixOf(owner)))) {
    const [id = ""] = key.slice(prefixOf(owner).length).split(" ");
    const name = fieldOf(parsed(storage, key), "name");
    files.set(id, { id, name: typeof name === "string" ? name : undefined });
  }
  return [...files.values()];
}

export function dropDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefixOf(owner))) storage.removeItem(key);
}

/** @returns undefined for invalid JSON */
export function parsed(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}

export function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
}
