import type { Log } from "../operation/log.ts";

export interface RunningServer {
  readonly url: string;
  /** Where the first administrator is made; undefined once there is one. */
  readonly setupUrl: string | undefined;
  readonly log: Log;
  /** Reads the certificate's files again. */
  renewTls(): void;
  /** Stops accepting, drains, and closes everything, the database last. Idempotent. */
  close(): Promise<void>;
}
