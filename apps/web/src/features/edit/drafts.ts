/** Unsaved text, stored in this browser. */
export interface Draft {
  readonly text: string;
  /** Version from which the editing started. */
  readonly versionId: string;
  /** Name of the file. */
  readonly name?: string | undefined;
}

/** File with unsaved text in any tab, open or closed. */
export interface UnsavedFile {
  readonly id: string;
  readonly name: string | undefined;
}

export interface KeptDraft extends Draft {
  readonly key: string;
}

/** Account that owns the drafts. Other accounts in this browser neither see nor remove them. */
export type DraftOwner = string | undefined;

const prefix = "holdfast-draft ";

function prefixOf(owner: DraftOwner): string {
  return `${prefix}${owner ?? ""} `;
}

/**
 * Makes the key of one editor's draft. Random, because two tabs may edit the same file and must not overwrite each
 * other's draft.
 */
export function draftKey(owner: DraftOwner, nodeId: string): string {
  return `${prefixOf(owner)}${nodeId} ${Math.random().toString(36).slice(2)}`;
}

/** Finds a draft of the file, from any editor. */
export function readDraft(storage: Storage, owner: DraftOwner, nodeId: string): KeptDraft | undefined {
  const keys = Object.keys(storage).filter((key) => key.startsWith(`${prefixOf(owner)}${nodeId} `));
  for (const key of keys) {
    const found = parsed(storage, key);
    if (isDraft(found)) return { ...found, key };
  }
  return undefined;
}

/**
 * Stores a draft.
 * @returns false if the browser has no space for it. Then only a note is stored that there is unsaved text, for
 * `unsavedFiles`
 */
export function writeDraft(storage: Storage, key: string, { text, versionId, name }: Draft): boolean {
  try {
    storage.setItem(key, JSON.stringify({ text, versionId, name }));
    return true;
  } catch {
    if (storage.getItem(key) === null) note(storage, key, name);
    return false;
  }
}

function note(storage: Storage, key: string, name: string | undefined): void {
  try {
    storage.setItem(key, JSON.stringify({ name }));
  } catch {
    // The note does not fit either.
  }
}

/** Lists each file once. */
export function unsavedFiles(storage: Storage, owner: DraftOwner): UnsavedFile[] {
  const files = new Map<string, UnsavedFile>();
  for (const key of Object.keys(storage).filter((each) => each.startsWith(prefixOf(owner)))) {
    const [id = ""] = key.slice(prefixOf(owner).length).split(" ");
    const name = fieldOf(parsed(storage, key), "name");
    files.set(id, { id, name: typeof name === "string" ? name : undefined });
  }
  return [...files.values()];
}

export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(key);
}

/** Removes the note of a text that had no space and is now lost. */
export function dropNote(storage: Storage, key: string): void {
  if (!isDraft(parsed(storage, key))) storage.removeItem(key);
}

/** Removes the drafts of an account that has signed out. */
export function dropDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefixOf(owner))) storage.removeItem(key);
}

/** Assigns drafts of an earlier app version, which stored only those of the last account, to that account. */
export function adoptDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) {
    const [, nodeId, ...others] = key.startsWith(prefix) ? key.split(" ") : [];
    if (nodeId === undefined || others.length > 1) continue;
    const found = parsed(storage, key);
    if (isDraft(found) && writeDraft(storage, draftKey(owner, nodeId), found)) storage.removeItem(key);
  }
}

/** @returns undefined if the value is not JSON */
function parsed(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}

function isDraft(value: unknown): value is Draft {
  return typeof fieldOf(value, "text") === "string" && typeof fieldOf(value, "versionId") === "string";
}

function fieldOf(value: unknown, field: keyof Draft): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
}
