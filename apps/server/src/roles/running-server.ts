import type { FolderWatch } from "../data-folder/known-folder.ts";
import type { Log } from "../operation/log.ts";

export interface RunningServer {
  readonly url: string;
  /** Where the first administrator is made; undefined once there is one. */
  readonly setupUrl: string | undefined;
  readonly log: Log;
  /** Reads the certificate's files again. */
  renewTls(): void;
  /** Reports another folder in place of the data folder. The process then ends at once: an orderly close would write there. */
  readonly folders: Pick<FolderWatch, "look" | "replaced">;
  /** Stops accepting, drains, and closes everything, the database last. Idempotent. */
  close(): Promise<void>;
}
