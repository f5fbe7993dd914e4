import type { Writable } from "node:stream";
import { once } from "node:events";
import type { HoldfastError } from "@holdfast/core/errors";
import { printable } from "./text.ts";

export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a transfer could not do; it did the rest. */
export interface Problem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Results go to stdout, as text or as one JSON document and nothing else; everything else goes to stderr. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly stderr: Writable;
  readonly #stdout: Writable;

  constructor(flags: OutputFlags, stdout: Writable, stderr: Writable) {
    this.json = flags.json === true;
    this.quiet = flags.quiet === true;
    this.stderr = stderr;
    this.#stdout = stdout;
  }

  /** The result of a command, once. */
  async result(document: unknown, lines: () => readonly string[]): Promise<void> {
    if (this.json) return this.write(`${JSON.stringify(document)}\n`);
    const text = lines();
    if (text.length > 0) await this.write(`${text.join("\n")}\n`);
  }

  /** A listing of any length, written as it comes: `{"items": […], "next_cursor": null}`, or lines. */
  async listing<Item>(
    pages: AsyncIterable<readonly Item[]>,
    lines: (items: readonly Item[]) => readonly string[],
  ): Promise<void> {
    let first = true;
    if (this.json) await this.write('{"items":[');
    for await (const items of pages) {
      if (items.length === 0) continue;
      if (!this.json) {
        await this.write(`${lines(items).join("\n")}\n`);
        continue;
      }
      await this.write((first ? "" : ",") + items.map((item) => JSON.stringify(item)).join(","));
      first = false;
    }
    if (this.json) await this.write('],"next_cursor":null}\n');
  }

  /** A sentence beside the result, for people. */
  note(text: string): void {
    if (!this.quiet) this.stderr.write(`${text}\n`);
  }

  problem({ path, message }: Problem): void {
    this.stderr.write(`holdfast: ${path === "" ? "" : `${printable(path)}: `}${message}\n`);
  }

  /** Why the command ends without its result. */
  async failure(error: HoldfastError): Promise<void> {
    this.stderr.write(`holdfast: ${error.message}\n`);
    const { code, field, message } = error;
    if (this.json)
      await this.write(`${JSON.stringify({ error: { code, message, ...(field === undefined ? {} : { field }) } })}\n`);
  }

  async write(text: string | Uint8Array): Promise<void> {
    if (!this.#stdout.write(text)) await once(this.#stdout, "drain");
  }
}
