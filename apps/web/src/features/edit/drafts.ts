import { type DraftOwner, fieldOf, parsed, prefixOf } from "./unsaved-files.ts";

export interface Draft {
  readonly text: string;
  readonly versionId: string;
  readonly name?: string | undefined;
}

export interface KeptDraft extends Draft {
  readonly key: string;
}

/** Random, so that two tabs with one file do not overwrite each other's draft. */
export function draftKey(owner: DraftOwner, nodeId: string): string {
  return `${prefixOf(owner)}${nodeId} ${Math.random().toString(36).slice(2)}`;
}

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

export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(key);
}

/** Removes the note of a text that had no space and is lost. */
export function dropNote(storage: Storage, key: string): void {
  if (!isDraft(parsed(storage, key))) storage.removeItem(key);
}

function isDraft(value: unknown): value is Draft {
  return typeof fieldOf(value, "text") === "string" && typeof fieldOf(value, "versionId") === "string";
}
