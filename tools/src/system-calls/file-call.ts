/**
 * Effect of one system call:
 * - `write`: changed the content of `path`; `attributes`: its mode, owner or times
 * - `make`: `path` names a new item; `open`: a new or the existing one; `remove`: none
 * - `rename`, `exchange`, `link`: of `path` and `to`
 * - `sync`: made the whole file at `path`, or the names in that folder, durable; `datasync`: all but a file's
 *   attributes; `syncAll`: everything
 * - `say`: `path` is the start of data sent to a pipe, socket or terminal
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

/** A successful call. */
export interface FileCall {
  readonly what: FileDeed;
  /** Absolute, except for `say` and `syncAll`. */
  readonly path: string;
  readonly to?: string | undefined;
  /** Positions in the order of the recording: a sync covers only calls that ended before it began. */
  readonly beganAt: number;
  readonly endedAt: number;
}
