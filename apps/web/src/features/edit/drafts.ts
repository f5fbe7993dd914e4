export interface Draft {
  readonly text: string;
  readonly versionId: string;
  readonly name?: string | undefined;
}

/** Unsaved text in any tab, open or closed. */
export interface UnsavedFile {
  readonly id: string;
  readonly name: string | undefined;
}

export interface KeptDraft extends Draft {
  readonly key: string;
}

/** Other accounts in this browser neither see nor remove the drafts. */
export type DraftOwner = string | undefined;

const prefix = "holdfast-draft ";

function prefixOf(owner: DraftOwner): string {
  return `${prefix}${owner ?? ""} `;
}

/** Random, so that two tabs with one file do not overwrite each other's draft. */
export function draftKey(owner: DraftOwner, nodeId: string): string {
  return `${prefixOf(owner)}${nodeId} ${Math.random().toString(36).slice(2)}`;
}

/** Finds a draft of any editor. */
export function readDraft(storage: Storage, owner: DraftOwner, nodeId: string): KeptDraft | undefined {
  const keys = Object.keys(storage).filter((key) => key.startsWith(`${prefixOf(owner)}${nodeId} `));
  for (const key of keys) {
    const found = parsed(storage, key);
    if (isDraft(found)) return { ...found, key };
  }
  return undefined;
}

/** @returns false without space. Then only a note is stored that there is unsaved text, for `unsavedFiles` */
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
    // No space for the note either.
  }
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

export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(key);
}

/** Removes the note of a text that had no space and is lost. */
export function dropNote(storage: Storage, key: string): void {
  if (!isDraft(parsed(storage, key))) storage.removeItem(key);
}

export function dropDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefixOf(owner))) storage.removeItem(key);
}

/** Assigns drafts of an earlier app version, which stored only the last account's, to that account. */
export function adoptDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) {
    const [, nodeId, ...others] = key.startsWith(prefix) ? key.split(" ") : [];
    if (nodeId === undefined || others.length > 1) continue;
    const found = parsed(storage, key);
    if (isDraft(found) && writeDraft(storage, draftKey(owner, nodeId), found)) storage.removeItem(key);
  }
}

/** @returns undefined for invalid JSON */
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
