import { thumbCacheLock } from "../service-worker/thumb-cache.ts";

/**
 * Prefix of the names of all databases and caches of the account. Preferences belong to the browser and lack the
 * prefix.
 */
const prefix = "holdfast-";

/** Deletes the account's databases, caches and files from the browser. A failure does not stop the other deletions. */
export async function forgetAccount(): Promise<void> {
  await Promise.allSettled([deleteDatabases(), deleteCaches(), deleteFiles()]);
}

/**
 * Deletes cached content that serves the offline mode. Only this is deleted when a session expires: unfinished work
 * waits for the next sign-in.
 */
export async function forgetContent(): Promise<void> {
  await Promise.allSettled([deleteCaches(), deleteFiles()]);
}

async function deleteDatabases(): Promise<void> {
  const databases = await indexedDB.databases();
  for (const { name } of databases) if (name?.startsWith(prefix) === true) indexedDB.deleteDatabase(name);
}

/**
 * Rejects over plain http, where the browser has neither caches nor files. The service worker's cache of the app itself
 * stays.
 */
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
