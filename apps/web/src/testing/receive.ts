import { eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";

interface Given {
  readonly at?: number;
  readonly owner?: string;
}

/** Stores a parcel like the service worker, which the browser installs too late for a short test. */
export async function receive(
  page: Page,
  files: Readonly<Record<string, string>>,
  { at, owner }: Given = {},
): Promise<void> {
  const parcel = { key: `/received/${at ?? Date.now()}-test`, entries: Object.entries(files), owner };
  await page.evaluate(async ({ key, entries, owner: of }) => {
    const cache = await caches.open("received-files");
    const listed = entries.map(([name, words]) => ({ name, type: "text/plain", sizeBytes: words.length }));
    await cache.put(`${key}/list`, Response.json({ owner: of, state: "waiting", files: listed }));
    for (const [index, [, words]] of entries.entries()) await cache.put(`${key}/${index}`, new Response(words));
  }, parcel);
}

export const storedCount = (page: Page) =>
  page.evaluate(async () => {
    const cache = await caches.open("received-files");
    return (await cache.keys()).filter(({ url }) => url.includes("/received/")).length;
  });

export const nothingIsStored = (page: Page) =>
  eventually("no parcel is stored", 30_000, async () => ((await storedCount(page)) === 0 ? true : undefined));
