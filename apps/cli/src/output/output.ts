import type { Writable } from "node:stream";
import { once } from "node:events";
import type { HoldfastError } from "@holdfast/core/errors";
import { clearBar, showContent, showJson, showLines } from "./screen.ts";

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
  /** Whether a person reads the result. */
  readonly isTerminal: boolean;
  /** Of that person's terminal. */
  readonly columns: number | undefined;
  readonly #stdout: Writable;
  readonly #stderr: Writable & { readonly isTTY?: boolean };

  constructor(
    flags: OutputFlags,
    stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number },
    stderr: Writable & { readonly isTTY?: boolean },
  ) {
    this.json = flags.json === true;
    this.quiet = flags.quiet === true;
    this.isTerminal = stdout.isTTY === true;
    // Some terminals have 0 columns, as one that `script` makes without a size.
    this.columns = this.isTerminal ? stdout.columns || undefined : undefined;
    this.#stderr = stderr;
    this.#stdout = stdout;
  }

  /** The result of a command, once. */
  async result(document: unknown, lines: () => readonly string[]): Promise<void> {
    if (this.json) return this.#drained(showJson(this.#stdout, `${JSON.stringify(document)}\n`));
    await this.#drained(showLines(this.#stdout, lines()));
  }

  /**
   * The result of a command that changed something, once. `--quiet` hides the lines that only confirm it.
   * @param kept lines that `--quiet` shows too: problems, and what the caller needs
   */
  async done(
    document: unknown,
    lines: () => readonly string[],
    kept: () => readonly string[] = () => [],
  ): Promise<void> {
    await this.result(document, () => [...(this.quiet ? [] : lines()), ...kept()]);
  }

  /**
   * A listing of any length, written as it comes: `{"items": […], "next_cursor": null}`, or lines.
   * @param lines of a page; on a terminal an empty list calls it once with no items, for the sentence that says so
   */
  async listing<Item>(
    pages: AsyncIterable<readonly Item[]>,
    lines: (items: readonly Item[]) => readonly string[],
  ): Promise<void> {
    let first = true;
    if (this.json) showJson(this.#stdout, '{"items":[');
    for await (const items of pages) {
      if (items.length === 0) continue;
      if (this.json) {
        const json = items.map((item) => JSON.stringify(item)).join(",");
        await this.#drained(showJson(this.#stdout, (first ? "" : ",") + json));
      } else await this.#drained(showLines(this.#stdout, lines(items)));
      first = false;
    }
    if (first && !this.json && this.isTerminal) await this.#drained(showLines(this.#stdout, lines([])));
    if (this.json) await this.#drained(showJson(this.#stdout, '],"next_cursor":null}\n'));
  }

  /** One JSON document a line, as programs read it, whatever was asked for. */
  async jsonLines(documents: readonly unknown[]): Promise<void> {
    if (documents.length === 0) return;
    await this.#drained(showJson(this.#stdout, documents.map((each) => `${JSON.stringify(each)}\n`).join("")));
  }

  /** A sentence beside the result, for people. */
  note(text: string): void {
    if (!this.quiet) this.say(text);
  }

  /** A sentence that `--quiet` shows too: an error, a warning, or what somebody needs for the answer to a question. */
  say(text: string): void {
    // A bar may stand in the line.
    if (this.#stderr.isTTY === true) clearBar(this.#stderr);
    showLines(this.#stderr, [text]);
  }

  problem({ path, message }: Problem): void {
    this.say(`holdfast: ${path === "" ? "" : `${path}: `}${message}`);
  }

  /** Why the command ends without its result. @param beside what it did before, for --json */
  async failure(error: HoldfastError, beside: object = {}): Promise<void> {
    this.say(`holdfast: ${error.message}`);
    const { code, field, message } = error;
    const document = { ...beside, error: { code, message, ...(field === undefined ? {} : { field }) } };
    if (this.json) await this.#drained(showJson(this.#stdout, `${JSON.stringify(document)}\n`));
  }

  /** Lines of what files hold, which a program gets as they are. */
  content(lines: readonly string[]): Promise<void> {
    return this.#drained(showContent(this.#stdout, lines));
  }

  /** What a file holds, as it is. */
  bytes(bytes: Uint8Array): Promise<void> {
    return this.#drained(this.#stdout.write(bytes));
  }

  async #drained(takesMore: boolean): Promise<void> {
    if (!takesMore) await once(this.#stdout, "drain");
  }
}
