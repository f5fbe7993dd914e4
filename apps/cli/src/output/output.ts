import type { Writable } from "node:stream";
import { once } from "node:events";
import type { HoldfastError } from "@holdfast/core/errors";
import { clearBar, showContent, showJson, showLines } from "./screen.ts";

export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A failure of one item, after which the transfer continued. */
export interface Problem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Results go to stdout, as text or as one JSON document. Everything else goes to stderr. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly isTerminal: boolean;
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
    // Some terminals report 0 columns, such as one that `script` creates without a size.
    this.columns = this.isTerminal ? stdout.columns || undefined : undefined;
    this.#stderr = stderr;
    this.#stdout = stdout;
  }

  /** Called once. */
  async result(document: unknown, lines: () => readonly string[]): Promise<void> {
    if (this.json) return this.#drained(showJson(this.#stdout, `${JSON.stringify(document)}\n`));
    await this.#drained(showLines(this.#stdout, lines()));
  }

  /**
   * Called once. `--quiet` hides the lines that only confirm the change.
   * @param kept lines that `--quiet` shows too: problems, and data that the caller needs
   */
  async done(
    document: unknown,
    lines: () => readonly string[],
    kept: () => readonly string[] = () => [],
  ): Promise<void> {
    await this.result(document, () => [...(this.quiet ? [] : lines()), ...kept()]);
  }

  /**
   * Writes page by page: `{"items": […], "next_cursor": null}`, or lines.
   * @param lines called once without items for an empty list on a terminal
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

  /** Writes one JSON document per line, with or without --json. */
  async jsonLines(documents: readonly unknown[]): Promise<void> {
    if (documents.length === 0) return;
    await this.#drained(showJson(this.#stdout, documents.map((each) => `${JSON.stringify(each)}\n`).join("")));
  }

  note(text: string): void {
    if (!this.quiet) this.say(text);
  }

  /** `--quiet` shows this too: an error, a warning, or the context of a question. */
  say(text: string): void {
    // Removes a progress bar from the line.
    if (this.#stderr.isTTY === true) clearBar(this.#stderr);
    showLines(this.#stderr, [text]);
  }

  problem({ path, message }: Problem): void {
    this.say(`holdfast: ${path === "" ? "" : `${path}: `}${message}`);
  }

  /** @param beside earlier results, for --json */
  async failure(error: HoldfastError, beside: object = {}): Promise<void> {
    this.say(`holdfast: ${error.message}`);
    const { code, field, message } = error;
    const document = { ...beside, error: { code, message, ...(field === undefined ? {} : { field }) } };
    if (this.json) await this.#drained(showJson(this.#stdout, `${JSON.stringify(document)}\n`));
  }

  /** Writes lines of file content, unchanged for a program. */
  content(lines: readonly string[]): Promise<void> {
    return this.#drained(showContent(this.#stdout, lines));
  }

  bytes(bytes: Uint8Array): Promise<void> {
    return this.#drained(this.#stdout.write(bytes));
  }

  async #drained(takesMore: boolean): Promise<void> {
    if (!takesMore) await once(this.#stdout, "drain");
  }
}
