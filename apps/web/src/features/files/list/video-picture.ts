import { signedAddress } from "../../../data/signed-address.ts";
import type { Drive } from "../../../data/drive.ts";
import { openThumbs } from "../../../browser/open-thumb-cache.ts";
import type { ListedRow } from "../rows/row-source.ts";

const edgePixels = 512;
/** Many videos begin black. */
const atSeconds = 1;
const timeoutMs = 15_000;

/** One video at a time, so that a folder of videos does not occupy the connection. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Takes a picture from a video. The browser does it instead of the server, because video decoders are a common target
 * of malicious files, and only the browser's run in a sandbox. The browser reads a small part of the video.
 * @throws errors of the browser, also for a format that it does not play
 */
export async function pictureOf(
  { client }: Pick<Drive, "client">,
  row: Pick<ListedRow, "id" | "revision">,
  signal: AbortSignal,
): Promise<Blob> {
  // Opened once: the cache of the next account must not get the picture.
  const cache = await openThumbs().catch(() => undefined);
  const key = `/pictures/${row.id}/${row.revision}`;
  const cached = await cache?.match(key);
  if (cached !== undefined) return cached.blob();
  const picture = turn.then(async () => {
    signal.throwIfAborted();
    return takePicture(await signedAddress(client, { id: row.id, use: "media" }), signal);
  });
  turn = picture.catch(() => {});
  const blob = await picture;
  // A full disk must not hide the picture.
  await cache?.put(key, new Response(blob)).catch(() => {});
  return blob;
}

async function takePicture(address: string, signal: AbortSignal): Promise<Blob> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "metadata";
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    video.src = address;
    await happens(video, "loadedmetadata", ending);
    const { duration } = video;
    video.currentTime = Number.isFinite(duration) ? Math.min(atSeconds, duration / 2) : 0;
    await happens(video, "seeked", ending);
    return await draw(video);
  } finally {
    // Ends the download.
    video.removeAttribute("src");
    video.load();
  }
}

function happens(video: HTMLVideoElement, name: "loadedmetadata" | "seeked", signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    video.addEventListener(name, () => resolve(), { once: true, signal });
    video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function draw(video: HTMLVideoElement): Promise<Blob> {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(1, edgePixels / Math.max(videoWidth, videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture")) : resolve(blob)), "image/webp", 0.8);
  });
}
