import { makeListeners } from "../../browser/listeners.ts";
import type { UnsavedFile } from "./unsaved-files.ts";

/** Work in this browser that a sign-out ends. */
export interface Unsaved {
  readonly files: readonly UnsavedFile[];
  /** Changes that wait for an unreachable server. */
  readonly changeCount: number;
  readonly uploads: readonly string[];
  /** Files from other apps that are not uploaded yet. */
  readonly receivedCount: number;
}

export interface UnsavedQuestion extends Unsaved {
  readonly answer: (mayLeave: boolean) => void;
}

let asked: UnsavedQuestion | undefined;
const listeners = makeListeners();

/** @returns false if the person stays signed in */
export function askUnsaved(unsaved: Unsaved): Promise<boolean> {
  asked?.answer(false);
  const { files, changeCount, uploads, receivedCount } = unsaved;
  if (files.length + changeCount + uploads.length + receivedCount === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (mayLeave: boolean): void => {
      setAsked(undefined);
      resolve(mayLeave);
    };
    setAsked({ ...unsaved, answer });
  });
}

export function unsavedQuestion(): UnsavedQuestion | undefined {
  return asked;
}

export const watchUnsaved = listeners.add;

function setAsked(next: UnsavedQuestion | undefined): void {
  asked = next;
  listeners.call();
}
