import { assertKey, assertPrefix } from "./object-key.ts";
import type { ObjectEntry, ObjectStore } from "./object-store.ts";

/** Store of only the keys with the prefix. @param prefix ends with a slash */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  assertPrefix(prefix);
  const keyOf = (key: string): string => {
    assertKey(key);
    return `${prefix}${key}`;
  };
  return {
    put: async (key, bytes, call) => store.put(keyOf(key), bytes, call),
    get: async (key, call) => store.get(keyOf(key), call),
    stat: async (key, call) => store.stat(keyOf(key), call),
    delete: async (key, call) => store.delete(keyOf(key), call),
    async *list(within, call): AsyncGenerator<ObjectEntry> {
      assertPrefix(within);
      for await (const entry of store.list(`${prefix}${within}`, call)) {
        yield { ...entry, key: entry.key.slice(prefix.length) };
      }
    },
  };
}
