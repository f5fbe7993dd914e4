import { type DraftOwner, type UnsavedFile, unsavedFiles } from "./drafts.ts";

/** Signing out removes unsaved text from this browser. */
export interface UnsavedQuestion {
  readonly files: readonly UnsavedFile[];
  readonly answer: (mayLeave: boolean) => void;
}

let asked: UnsavedQuestion | undefined;
const listeners = new Set<() => void>();

/** @returns false if the person stays signed in */
export function askUnsaved(storage: Storage, owner: DraftOwner): Promise<boolean> {
  const files = unsavedFiles(storage, owner);
  asked?.answer(false);
  if (files.length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (mayLeave: boolean): void => {
      tell(undefined);
      resolve(mayLeave);
    };
    tell({ files, answer });
  });
}

export function unsavedQuestion(): UnsavedQuestion | undefined {
  return asked;
}

export function watchUnsaved(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(next: UnsavedQuestion | undefined): void {
  asked = next;
  for (const listener of listeners) listener();
}
