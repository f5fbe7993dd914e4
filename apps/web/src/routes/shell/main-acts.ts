import { useEffect } from "react";

/** Actions of the New and Upload buttons on the current page. */
export interface MainActs {
  readonly newFolder: () => void;
  readonly newText: () => void;
  readonly uploadFiles: () => void;
  readonly uploadFolder: () => void;
}

let current: MainActs | undefined;
const listeners = new Set<() => void>();

/** Offers the actions of a place that shows a folder. Pass a stable object. */
export function useOfferMainActs(acts: MainActs | undefined): void {
  useEffect(() => {
    if (acts !== undefined) set(acts);
    return () => {
      if (acts !== undefined && current === acts) set(undefined);
    };
  }, [acts]);
}

/** Runs once, as soon as a place offers its actions. */
export function onceMainActs(run: (acts: MainActs) => void): void {
  if (current !== undefined) return run(current);
  const stop = listen(() => {
    if (current === undefined) return;
    stop();
    run(current);
  });
}

function set(acts: MainActs | undefined): void {
  current = acts;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
