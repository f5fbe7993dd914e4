import type { Context } from "./context.ts";
import type { Output } from "./output.ts";
import { Progress, TransferCounts } from "./progress.ts";

interface StepTotal {
  readonly packs?: number;
  readonly bytes: number;
}

/** Progress line for work in steps. Shown only on a terminal, and not with --json or --quiet. */
export class StepLine {
  readonly #stream: Context["stderr"];
  readonly #label: string;
  readonly #isShown: boolean;
  #counts = new TransferCounts();
  #progress: Progress | undefined;

  /** @param label such as "backup" */
  constructor({ context, output }: { readonly context: Context; readonly output: Output }, label: string) {
    this.#stream = context.stderr;
    this.#label = label;
    this.#isShown = context.stderr.isTTY === true && !output.json && !output.quiet;
  }

  begin(name: string, total?: StepTotal): void {
    this.stop();
    if (!this.#isShown) return;
    this.#counts = Object.assign(new TransferCounts(), {
      search: { doing: name, found: 0 },
      noun: total?.packs === undefined ? "" : "pack",
      filesTotal: total?.packs ?? 0,
      bytesTotal: total?.bytes ?? 0,
      totalIsFinal: total !== undefined,
    });
    this.#progress = new Progress(this.#counts, {
      stream: this.#stream,
      quiet: false,
      nowMs: () => performance.now(),
      label: total === undefined ? this.#label : `${this.#label}: ${name}`,
    });
  }

  done(bytes: number): void {
    this.#counts.done(bytes);
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = undefined;
  }
}
