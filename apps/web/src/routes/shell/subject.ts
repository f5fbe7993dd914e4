import { useEffect, useSyncExternalStore } from "react";

/** Subject for panels beside the list and previews above it. */
export interface ListSubject {
  /** The only selected item, otherwise the folder. */
  readonly id: string | undefined;
  /** Differs after every change. */
  readonly snapshot: unknown;
  /** Follows the list's order. */
  readonly neighbour: (id: string, step: -1 | 1) => string | undefined;
}

let current: ListSubject | undefined;
const listeners = new Set<() => void>();

/** Pass a stable object. */
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
