import { useEffect } from "react";
import { makeListeners } from "../../../browser/listeners.ts";

export interface MainActs {
  readonly newFolder: () => void;
  readonly newText: () => void;
  readonly uploadFiles: () => void;
  readonly uploadFolder: () => void;
  readonly takePhoto: () => void;
}

let current: MainActs | undefined;
const listeners = makeListeners();

/** Pass a stable object. */
export function useOfferMainActs(acts: MainActs | undefined): void {
  useEffect(() => {
    if (acts !== undefined) set(acts);
    return () => {
      if (acts !== undefined && current === acts) set(undefined);
    };
  }, [acts]);
}

/** Waits for a place to offer actions. */
export function onceMainActs(run: (acts: MainActs) => void): void {
  if (current !== undefined) return run(current);
  const stop = listeners.add(() => {
    if (current === undefined) return;
    stop();
    run(current);
  });
}

function set(acts: MainActs | undefined): void {
  current = acts;
  listeners.call();
}
