/** Functions that are called at each change, for `useSyncExternalStore` and others. */
export interface Listeners<Facts extends readonly unknown[]> {
  /** @returns function that removes the listener */
  readonly add: (listener: (...facts: Facts) => void) => () => void;
  readonly call: (...facts: Facts) => void;
}

export function makeListeners<Facts extends readonly unknown[] = []>(): Listeners<Facts> {
  const all = new Set<(...facts: Facts) => void>();
  return {
    add: (listener) => {
      all.add(listener);
      return () => void all.delete(listener);
    },
    call: (...facts) => {
      for (const listener of all) listener(...facts);
    },
  };
}
