/** What was written and not saved, kept in this browser until it is. */
export interface Draft {
  readonly text: string;
  /** The version that it was begun with. */
  readonly versionId: string;
  /** Name of the file. */
  readonly name?: string | undefined;
}

/** A file with text that was not saved, in this tab, in another one, or in one that was closed. */
export interface UnsavedFile {
  readonly id: string;
  readonly name: string | undefined;
}

export interface KeptDraft extends Draft {
  readonly key: string;
}

/** Whose drafts: another account that signs in in this browser neither sees nor removes them. */
export type DraftOwner = string | undefined;

const prefix = "holdfast-draft ";

function prefixOf(owner: DraftOwner): string {
  return `${prefix}${owner ?? ""} `;
}

/** Key of the draft of one open editor: two tabs with one file must not overwrite or drop the text of each other. */
export function draftKey(owner: DraftOwner, nodeId: string): string {
  return `${prefixOf(owner)}${nodeId} ${Math.random().toString(36).slice(2)}`;
}

/** A draft of the file, of whichever editor. */
export function readDraft(storage: Storage, owner: DraftOwner, nodeId: string): KeptDraft | undefined {
  const keys = Object.keys(storage).filter((key) => key.startsWith(`${prefixOf(owner)}${nodeId} `));
  for (const key of keys) {
    const found = parsed(storage, key);
    if (isDraft(found)) return { ...found, key };
  }
  return undefined;
}

/** @returns false where the browser has no room for it: then it is kept at most that there is one, for `unsavedFiles` */
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
    // There is no room for that either.
  }
}

/** Each once. */
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

/** For a text that is lost, since it had no room. */
export function dropNote(storage: Storage, key: string): void {
  if (!isDraft(parsed(storage, key))) storage.removeItem(key);
}

/** Removes the drafts of an account that has signed out. */
export function dropDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) if (key.startsWith(prefixOf(owner))) storage.removeItem(key);
}

/** Gives drafts of an earlier version of this app, which only had those of the last account, to that account. */
export function adoptDrafts(storage: Storage, owner: DraftOwner): void {
  for (const key of Object.keys(storage)) {
    const [, nodeId, ...others] = key.startsWith(prefix) ? key.split(" ") : [];
    if (nodeId === undefined || others.length > 1) continue;
    const found = parsed(storage, key);
    if (isDraft(found) && writeDraft(storage, draftKey(owner, nodeId), found)) storage.removeItem(key);
  }
}

/** @returns undefined for what is no draft of this app */
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
