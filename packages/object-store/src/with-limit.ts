import { limits } from "@holdfast/core/limits";
import { abandonedError, assertWanted } from "./call-signal.ts";
import { countBytes } from "./object-key.ts";
import type { ObjectStore } from "./object-store.ts";

export interface LimitOptions {
  readonly callsMax: number;
  /** Bytes of concurrent puts and gets; a larger call runs alone. */
  readonly bytesMax: number;
}

/**
 * Queues calls in order, so that a burst neither fills the memory nor opens a thousand connections. Lists are not
 * counted: they wait for their reader, who may wait for the store. A get of a whole object counts as a full pack.
 */
export function withLimit(store: ObjectStore, options: LimitOptions): ObjectStore {
  const gate = makeGate(options);
  return {
    put: (key, bytes, call) => gate(countBytes(bytes), call?.signal, () => store.put(key, bytes, call)),
    get(key, call) {
      const range = call?.range;
      const sizeBytes = range === undefined ? limits.packBytesTarget : Math.max(0, range.end - range.start);
      return gate(sizeBytes, call?.signal, () => store.get(key, call));
    },
    stat: (key, call) => gate(0, call?.signal, () => store.stat(key, call)),
    delete: (key, call) => gate(0, call?.signal, () => store.delete(key, call)),
    list: (prefix, call) => store.list(prefix, call),
  };
}

interface Waiting {
  readonly sizeBytes: number;
  readonly start: () => void;
}

type Gate = <Result>(sizeBytes: number, signal: AbortSignal | undefined, act: () => Promise<Result>) => Promise<Result>;

function makeGate({ callsMax, bytesMax }: LimitOptions): Gate {
  let calls = 0;
  let bytes = 0;
  const queue: Waiting[] = [];

  const fits = (sizeBytes: number): boolean => calls === 0 || (calls < callsMax && bytes + sizeBytes <= bytesMax);
  const startNext = (): void => {
    for (let next = queue[0]; next !== undefined && fits(next.sizeBytes); next = queue[0]) {
      queue.shift();
      calls += 1;
      bytes += next.sizeBytes;
      next.start();
    }
  };

  const enter = (sizeBytes: number, signal: AbortSignal | undefined): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leaveQueue = (): void => {
      queue.splice(queue.indexOf(waiting), 1);
      if (signal !== undefined) reject(abandonedError(signal));
      startNext();
    };
    const start = (): void => {
      signal?.removeEventListener("abort", leaveQueue);
      resolve();
    };
    const waiting = { sizeBytes, start };
    signal?.addEventListener("abort", leaveQueue, { once: true });
    queue.push(waiting);
    startNext();
    return promise;
  };

  return async (sizeBytes, signal, act) => {
    assertWanted(signal);
    await enter(sizeBytes, signal);
    try {
      return await act();
    } finally {
      calls -= 1;
      bytes -= sizeBytes;
      startNext();
    }
  };
}
