import type { KeptStore } from "./kept-store.ts";

const prefix = "kept-";
const indexName = "index.json";

/** In files that belong to the page's origin, in a folder of the account. Those of any other account are deleted. */
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
    // What is written is beside the file until it is closed, and then replaces it at once.
    write: writeFile,
    sweep: async (contentIds) => {
      for (const name of await namesIn(folder))
        // Some browsers show what is being written under a name with an ending.
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
