import { thumbCacheLock } from "../browser/thumb-cache.ts";

/** Prefix of the account's databases and caches. Preferences belong to the browser and lack it. */
const prefix = "holdfast-";

/**
 * Deletes all stored data of the account, except files from other apps and drafts. Failures do not stop the other
 * deletions.
 */
export async function forgetAccount(): Promise<void> {
  await Promise.allSettled([deleteRecent(), deleteDatabases(), deleteCaches(), deleteFiles()]);
}

/** Deletes cached content only, when a session expires. Unfinished work waits for the next sign-in. */
export async function forgetContent(): Promise<void> {
  await Promise.allSettled([deleteCaches(), deleteFiles()]);
}

async function deleteRecent(): Promise<void> {
  localStorage.removeItem("holdfast-recent-folders");
}

async function deleteDatabases(): Promise<void> {
  const databases = await indexedDB.databases();
  for (const { name } of databases) if (name?.startsWith(prefix) === true) indexedDB.deleteDatabase(name);
}

/** Fails on plain http, where neither caches nor files exist. The app's own cache stays. */
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
