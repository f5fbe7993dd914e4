import { HoldfastError } from "@holdfast/core/errors";
import { wait } from "../browser/wait.ts";

export interface WantedUpload {
  /** Not empty. */
  readonly files: readonly File[];
  readonly folderId: string;
  /** Parcel of another app with the files. An interrupted upload of the parcel to the folder is resumed. */
  readonly parcelId: string;
}

export interface StartedUpload {
  /** Resolves when all files are uploaded. Rejects if the upload ends before. */
  readonly done: Promise<unknown>;
}

type Start = (wanted: WantedUpload) => Promise<StartedUpload>;

const uploads = Promise.withResolvers<Start>();
/** Nothing reports that the upload code could not be loaded. */
const loadTimeoutMs = 30_000;

export function offerFileUploads(start: Start): void {
  uploads.resolve(start);
}

/**
 * Uploads files that come neither from a drop nor from a picker. Waits until the upload code has loaded.
 * @param mayStart asked after the wait
 * @throws HoldfastError unavailable, unauthenticated if it may not start, or the reason why the upload could not start
 */
export async function uploadFiles(wanted: WantedUpload, mayStart: () => boolean): Promise<StartedUpload> {
  const started = new AbortController();
  const late = wait(loadTimeoutMs, started.signal).then((): never => {
    throw new HoldfastError("unavailable", "The upload code has not loaded. Reload the page.");
  });
  const start = await Promise.race([uploads.promise, late]);
  started.abort();
  if (!mayStart()) throw new HoldfastError("unauthenticated", "Another account is signed in now.");
  return start(wanted);
}
