import type { FolderWatch } from "../base/data-folder/known-folder.ts";
import type { Log } from "../base/operation/log.ts";

export interface RunningServer {
  readonly url: string;
  /** Address that creates the first administrator; undefined if one exists. */
  readonly setupUrl: string | undefined;
  readonly log: Log;
  /** Reads the certificate files again. */
  renewTls(): void;
  /**
   * If another folder replaces the data folder, the process exits immediately, because an orderly close would write
   * there.
   */
  readonly folders: Pick<FolderWatch, "look" | "replaced">;
  /** Stops accepting, drains, and closes everything, the database last. Idempotent. */
  close(): Promise<void>;
}
