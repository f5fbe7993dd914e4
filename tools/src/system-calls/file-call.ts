/**
 * What one call of the operating system did:
 * - `write`: changed the content of `path`; `attributes`: its mode, owner or times
 * - `make`: `path` stands for something new; `open`: for that, or for what was there; `remove`: for nothing any more
 * - `rename`, `exchange`, `link`: of `path` and `to`
 * - `sync`: made durable all of the file at `path`, or the names in that folder; `datasync`: all but a file's attributes;
 *   `syncAll`: everything
 * - `say`: `path` is the beginning of what went to a pipe, a socket or a terminal
 */
export type FileDeed =
  | "write"
  | "attributes"
  | "make"
  | "open"
  | "remove"
  | "rename"
  | "exchange"
  | "link"
  | "sync"
  | "datasync"
  | "syncAll"
  | "say";

/** One call that succeeded. */
export interface FileCall {
  readonly what: FileDeed;
  /** Absolute, but of `say` and `syncAll`. */
  readonly path: string;
  readonly to?: string | undefined;
  /** Places in one order of all that was recorded: a sync covers only what had ended when it began. */
  readonly beganAt: number;
  readonly endedAt: number;
}
