import { useEffect, useSyncExternalStore } from "react";
import { makeListeners } from "../../../browser/listeners.ts";
import type { PlaceKind, ShownFolder } from "./files-context.ts";
import type { RowSource } from "../rows/row-source.ts";

/** Subject for panels beside the list and previews above it. */
export interface ListSubject {
  /** The only selected item, otherwise the folder. */
  readonly id: string | undefined;
  /** Differs after every change. */
  readonly snapshot: unknown;
  /** Without rows that a filter hides. */
  readonly rows: RowSource;
  readonly place: () => ListedIn;
}

export interface ListedIn {
  readonly kind: PlaceKind;
  readonly folder?: ShownFolder | undefined;
  readonly thumbTag?: string | undefined;
  readonly onDone?: (ids: ReadonlySet<string>) => void;
  readonly onStar?: (ids: ReadonlySet<string>, isStarred: boolean) => void;
}

let current: ListSubject | undefined;
const listeners = makeListeners();

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
  return useSyncExternalStore(listeners.add, () => current);
}

function set(subject: ListSubject | undefined): void {
  current = subject;
  listeners.call();
}
