import { openThumbs } from "../browser/open-thumb-cache.ts";

const thumbsMax = 2000;
const dropAtOnce = 200;
/** Limit per thumbnail, so that the cache has at most 128 MB. Larger ones are not cached. */
const thumbBytesMax = 64 * 1024;
/** Counting takes time. */
const countEvery = 32;
let addedSinceCounted = 0;

/** Answers from the cache, otherwise from the server. */
export async function answerThumb(request: Request, outlasts: (work: Promise<unknown>) => void): Promise<Response> {
  const cache = await openThumbs().catch(() => undefined);
  if (cache === undefined) return fetch(request);
  // Drops the tag, which changes daily. The path identifies the content, the cache the account.
  const key = new URL(request.url).pathname;
  const kept = await cache.match(key).catch(() => undefined);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  const sizeBytes = Number(answer.headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  // A captive portal answers with a page.
  const isPicture =
    answer.status === 200 && !answer.redirected && answer.headers.get("content-type")?.startsWith("image/") === true;
  if (isPicture && sizeBytes <= thumbBytesMax) outlasts(keep(cache, key, answer.clone()));
  return answer;
}

async function keep(cache: Cache, key: string, answer: Response): Promise<void> {
  try {
    await cache.put(key, answer);
    addedSinceCounted += 1;
    if (addedSinceCounted < countEvery) return;
    addedSinceCounted = 0;
    const all = await cache.keys();
    if (all.length <= thumbsMax) return;
    for (const oldest of all.slice(0, all.length - thumbsMax + dropAtOnce)) await cache.delete(oldest);
  } catch {
    // No space.
  }
}
