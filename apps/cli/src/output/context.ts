import type { Readable, Writable } from "node:stream";
import type { ReadStream } from "node:tty";

/** Environment and streams of a command, which tests replace. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & Partial<Pick<ReadStream, "isTTY" | "setRawMode">>;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  exitCode: number;
}
