import { assertWanted } from "./call-signal.ts";
import { assertKey, assertPrefix, assertRange, countBytes, notFoundError, rangeError } from "./object-key.ts";
import type { ObjectStat, ObjectStore } from "./object-store.ts";

interface Held extends ObjectStat {
  readonly bytes: Uint8Array;
}

export function makeMemoryStore({ nowMs }: { readonly nowMs: () => number }): ObjectStore {
  const objects = new Map<string, Held>();
  return {
    async put(key, bytes, { signal } = {}) {
      assertKey(key);
      assertWanted(signal);
      const copy = Buffer.concat(bytes instanceof Uint8Array ? [bytes] : bytes);
      objects.set(key, { bytes: copy, sizeBytes: countBytes(copy), modifiedAtMs: nowMs() });
    },
    async get(key, { range, signal, allocate = (sizeBytes: number) => new Uint8Array(sizeBytes) } = {}) {
      assertKey(key);
      assertRange(key, range);
      assertWanted(signal);
      const held = objects.get(key);
      if (held === undefined) throw notFoundError(key);
      if (range !== undefined && range.end > held.sizeBytes) throw rangeError(key, range);
      // A copy, because `slice` of a Buffer is a view, and the caller may overwrite its bytes.
      const part = held.bytes.subarray(range?.start, range?.end);
      const bytes = allocate(part.length);
      bytes.set(part);
      return bytes;
    },
    async stat(key, { signal } = {}) {
      assertKey(key);
      assertWanted(signal);
      const held = objects.get(key);
      return held === undefined ? undefined : { sizeBytes: held.sizeBytes, modifiedAtMs: held.modifiedAtMs };
    },
    async *list(prefix, { signal } = {}) {
      assertPrefix(prefix);
      // Keys are ASCII, so code unit order is byte order.
      for (const key of [...objects.keys()].toSorted()) {
        assertWanted(signal);
        const held = objects.get(key);
        if (held === undefined || !key.startsWith(prefix)) continue;
        yield { key, sizeBytes: held.sizeBytes, modifiedAtMs: held.modifiedAtMs };
      }
    },
    async delete(key, { signal } = {}) {
      assertKey(key);
      assertWanted(signal);
      objects.delete(key);
    },
  };
}
