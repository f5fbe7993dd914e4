import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";

export interface EmbeddedPostgresOptions {
  /** Held by the caller for as long as the database runs (`openDataFolder`). */
  readonly dataFolder: string;
  readonly log: DatabaseLog;
  /** That many random bytes, for the password of a new database. */
  readonly random: (bytes: number) => Uint8Array;
  /** Further settings of postgresql.conf; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly connection: Connection;
  /** Of the postmaster; undefined while it is down. */
  pid(): number | undefined;
  /** Calls back after each time that the database died and is up again. */
  onRestart(listener: () => void): void;
  /** Proportional memory of all its processes; undefined where the platform does not tell (Linux does). */
  pssBytes(): number | undefined;
  /** Idempotent. Waits until the process is gone. */
  stop(): Promise<void>;
}

export declare function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres>;
