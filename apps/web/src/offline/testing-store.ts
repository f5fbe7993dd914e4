import type { KeptStore } from "./kept-store.ts";

export function memoryStore(): KeptStore & {
  readonly contents: Map<string, Uint8Array<ArrayBuffer>>;
  freeBytesNow: number;
} {
  let index = "";
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const store = {
    contents,
    freeBytesNow: 1e12,
    readIndex: () => Promise.resolve(index),
    writeIndex: (text: string) => {
      index = text;
      return Promise.resolve();
    },
    open: (contentId: string, sizeBytes: number) => {
      const bytes = contents.get(contentId);
      return Promise.resolve(bytes?.length === sizeBytes ? new File([bytes], contentId) : undefined);
    },
    write: (contentId: string) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      return Promise.resolve({
        write: (bytes: Uint8Array<ArrayBuffer>) => {
          parts.push(bytes.slice());
          return Promise.resolve();
        },
        close: async () => {
          contents.set(contentId, new Uint8Array(await new Blob(parts).arrayBuffer()));
        },
        abort: () => Promise.resolve(),
      });
    },
    sweep: (contentIds: ReadonlySet<string>) => {
      for (const name of contents.keys()) if (!contentIds.has(name)) contents.delete(name);
      return Promise.resolve();
    },
    freeBytes: () => Promise.resolve(store.freeBytesNow),
    persist: () => Promise.resolve(true),
  };
  return store;
}
