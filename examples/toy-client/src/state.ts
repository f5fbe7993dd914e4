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

/** Of a node what is kept, as the server said it last. */
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

/** What disk and server last agreed on. `print` is the fingerprint when it was read (empty: read it again), `who` outlives a rename. */
export type Base = Readonly<Record<"id" | "kind" | "content_id" | "sha256" | "print" | "who", string>>;

export interface State {
  /** Id of the account's root folder: the folder is touched for no other account. */
  readonly root: string;
  /** Where the changes were heard to, as a token and as the number in the own journal. */
  token: string;
  seen: number;
  nodes: Record<string, Remote>;
  /** By path. */
  base: Record<string, Base>;
  /** What was taken aside and where it belongs, until its successor stands there. */
  aside: { readonly at: string; readonly path: string }[];
}

export const ownFolder = ".holdfast";
const stateFile = (folder: string): string => join(folder, ownFolder, "toy-client.json");

export function readState(folder: string): State | undefined {
  return existsSync(stateFile(folder)) ? (JSON.parse(readFileSync(stateFile(folder), "utf8")) as State) : undefined;
}

/** Whole or not at all: a crash leaves the one before. */
export function saveState(folder: string, state: State): void {
  const path = stateFile(folder);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(state));
  syncPath(`${path}.new`);
  renameSync(`${path}.new`, path);
  syncPath(dirname(path));
}

/** A file's bytes, or a folder's names, are on the disk afterwards. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
