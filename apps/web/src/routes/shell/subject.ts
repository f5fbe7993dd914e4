import { useEffect, useSyncExternalStore } from "react";

/** Subject of the current list, for panels beside it and previews above it. */
export interface ListSubject {
  /** Id of the only selected item, otherwise of the folder. */
  readonly id: string | undefined;
  /** Snapshot of the list; differs after every change. */
  readonly snapshot: unknown;
  /** Finds the next or previous file in the list's order. */
  readonly neighbour: (id: string, step: -1 | 1) => string | undefined;
}

let current: ListSubject | undefined;
const listeners = new Set<() => void>();

/** Offers the subject of a place with a list. Pass a stable object. */
export function useOfferSubject(subject: ListSubject): void {
  useEffect(() => {
    set(subject);
    return () => {
      if (current === subject) set(undefined);
    };
  }, [subject]);
}

export function useSubject(): ListSubject | undefined {
  return useSyncExternalStore(listen, () => current);
}

function set(subject: ListSubject | undefined): void {
  current = subject;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
