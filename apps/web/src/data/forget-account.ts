import { thumbCacheLock } from "../service-worker/thumb-cache.ts";

/** Everything that this browser keeps of the account begins so, but for preferences, which are of the browser. */
const prefix = "holdfast-";

/** Deletes what is kept beyond the page: databases, caches of content, files. What cannot be deleted does not keep the rest. */
export async function forgetAccount(): Promise<void> {
  await Promise.allSettled([deleteDatabases(), deleteCaches(), deleteFiles()]);
}

/**
 * Deletes what was read of the account and is here for when the server is away. Where a session has ended by itself that is all that goes: what
 * somebody has begun waits for them to sign in again.
 */
export async function forgetContent(): Promise<void> {
  await Promise.allSettled([deleteCaches(), deleteFiles()]);
}

async function deleteDatabases(): Promise<void> {
  const databases = await indexedDB.databases();
  for (const { name } of databases) if (name?.startsWith(prefix) === true) indexedDB.deleteDatabase(name);
}

/** Plain http has none, nor files. What the service worker keeps of the app itself is of nobody. */
async function deleteCaches(): Promise<void> {
  await navigator.locks.request(thumbCacheLock, async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(prefix)).map((name) => caches.delete(name)));
  });
}

async function deleteFiles(): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  await Promise.all(names.map((name) => folder.removeEntry(name, { recursive: true })));
}
