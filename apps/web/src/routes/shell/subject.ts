import { useEffect, useSyncExternalStore } from "react";

/** What the list that is open says of itself to what is shown beside and over it. */
export interface ListSubject {
  /** Of what is selected alone, else of the folder that is shown. */
  readonly id: string | undefined;
  /** Of the list: another one after every change. */
  readonly snapshot: unknown;
  /** The file before or after another one in the list's order. */
  readonly neighbour: (id: string, step: -1 | 1) => string | undefined;
}

let current: ListSubject | undefined;
const listeners = new Set<() => void>();

/** A place with a list says what it is about. Give the same object until it changes. */
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
