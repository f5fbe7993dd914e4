import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Stored fields of a node, as last reported by the server. */
export const fields = [
  "id",
  "kind",
  "parent_id",
  "name",
  "revision",
  "seq",
  "version_id",
  "content_id",
  "modified_at",
] as const;
export type Remote = Readonly<Record<Exclude<(typeof fields)[number], "seq">, string> & { seq: number }>;

/** Last agreed state. `print` is the fingerprint at reading (empty: read again). `who` stays the same after a rename. */
export type Base = Readonly<Record<"id" | "kind" | "content_id" | "sha256" | "print" | "who", string>>;

export interface State {
  /** Id of the account's root folder. The folder is never synced with another account. */
  readonly root: string;
  /** Position in the server's changes, as a token and (`seen`) as the number in the account's own journal. */
  token: string;
  seen: number;
  nodes: Record<string, Remote>;
  base: Record<string, Base>;
  /** Files moved aside and their paths, until their successors are in place. */
  aside: { readonly at: string; readonly path: string }[];
}

export const ownFolder = ".holdfast";
const stateFile = (folder: string): string => join(folder, ownFolder, "toy-client.json");

export function readState(folder: string): State | undefined {
  return existsSync(stateFile(folder)) ? (JSON.parse(readFileSync(stateFile(folder), "utf8")) as State) : undefined;
}

/** Replaces the state atomically. A crash leaves the previous one. */
export function saveState(folder: string, state: State): void {
  const path = stateFile(folder);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(state));
  syncPath(`${path}.new`);
  renameSync(`${path}.new`, path);
  syncPath(dirname(path));
}

/** Flushes a file's bytes, or a folder's entries, to disk. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
