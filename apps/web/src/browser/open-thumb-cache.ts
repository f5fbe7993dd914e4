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
