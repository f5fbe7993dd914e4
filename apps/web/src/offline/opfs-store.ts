import type { KeptStore } from "./kept-store.ts";

const prefix = "kept-";
const indexName = "index.json";

/** Deletes the folders of all other accounts. */
export async function openOpfsStore(account: string): Promise<KeptStore> {
  const root = await navigator.storage.getDirectory();
  const own = prefix + account;
  for (const name of await namesIn(root))
    if (name.startsWith(prefix) && name !== own) await root.removeEntry(name, { recursive: true }).catch(() => {});
  const folder = await root.getDirectoryHandle(own, { create: true });
  const readFile = async (name: string) => (await folder.getFileHandle(name)).getFile();
  const writeFile = async (name: string) => (await folder.getFileHandle(name, { create: true })).createWritable();
  return {
    readIndex: async () => {
      const file = await readFile(indexName).catch(() => undefined);
      return file === undefined ? "" : file.text();
    },
    writeIndex: async (text) => {
      const target = await writeFile(indexName);
      await target.write(text);
      await target.close();
    },
    open: async (contentId, sizeBytes) => {
      const file = await readFile(contentId).catch(() => undefined);
      return file?.size === sizeBytes ? file : undefined;
    },
    // A temporary file replaces the target atomically on close.
    write: writeFile,
    sweep: async (contentIds) => {
      for (const name of await namesIn(folder))
        // Some browsers list files being written with a suffix.
        if (!name.startsWith(indexName) && !contentIds.has(name.split(".")[0] ?? ""))
          await folder.removeEntry(name).catch(() => {});
    },
    freeBytes: async () => {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      return quota - usage;
    },
    persist: () => navigator.storage.persist(),
  };
}

async function namesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}
