/** What the filesystem of a synced folder may not have. What it cannot hold keeps the value that was synced. */
export type Lack =
  /** Two names cannot be exchanged in one step. */
  | "exchange"
  | "hard links"
  | "executable bits"
  /** Every file has the same rights for others: none can be taken away or given. */
  | "private modes"
  /** What this process makes is private, since its umask or the folder says so, whether or not the server has it so. */
  | "open modes"
  | "symbolic links"
  /** Another number may tell of the same file after a while. */
  | "stable inodes"
  /** Times come in steps of up to two seconds. */
  | "fine times"
  /** Neither `"*:<>?\|` nor a dot or a space at the end of a name. */
  | "all names";

export type Lacks = ReadonlySet<Lack>;

export const lacksNothing: Lacks = new Set();

/** A file that changed so shortly before it was read may change again without a trace in its times. */
export function grainNsOf(lacks: Lacks): bigint {
  return lacks.has("fine times") ? 2_000_000_000n : 50_000_000n;
}
