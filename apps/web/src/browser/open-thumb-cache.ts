import { thumbCacheLock, thumbCachePrefix } from "./thumb-cache.ts";

/** Deletes other accounts' caches. Does nothing on plain http. */
export async function openThumbCache(account: string): Promise<void> {
  if (!("caches" in globalThis)) return;
  await navigator.locks.request(thumbCacheLock, async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith(thumbCachePrefix));
    const own = thumbCachePrefix + account;
    await Promise.all(names.filter((name) => name !== own).map((name) => caches.delete(name)));
    await caches.open(own);
  });
}

/** @returns undefined without a session, and on plain http */
export async function openThumbs(): Promise<Cache | undefined> {
  if (!("caches" in globalThis)) return undefined;
  return navigator.locks.request(thumbCacheLock, async () => {
    const name = (await caches.keys()).find((each) => each.startsWith(thumbCachePrefix));
    return name === undefined ? undefined : caches.open(name);
  });
}
