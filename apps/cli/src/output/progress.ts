import type { Writable } from "node:stream";
import { Rate } from "./rate.ts";
import { clearBar, showBar, showLines } from "./screen.ts";
import { formatBytes, formatDuration } from "./text.ts";

/** What a transfer counts as it goes on; it is done when `done` has reached a total that is final. */
export class TransferCounts {
  filesDone = 0;
  filesTotal = 0;
  bytesDone = 0;
  bytesTotal = 0;
  /** Whether all there is to do is counted, so that the time left can be told. */
  totalIsFinal = false;
}

export interface ProgressOptions {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly quiet: boolean;
  readonly nowMs: () => number;
  /** What is being done, as the line begins: "put", "get". */
  readonly label: string;
}

const barIntervalMs = 100;
const lineIntervalMs = 5000;

/** A bar on a terminal, a line now and then elsewhere, nothing when quiet. */
export class Progress {
  readonly counts: TransferCounts;
  readonly #options: ProgressOptions;
  readonly #isBar: boolean;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #rate = new Rate();

  constructor(counts: TransferCounts, options: ProgressOptions) {
    this.counts = counts;
    this.#options = options;
    this.#isBar = options.stream.isTTY === true;
    this.#sample();
    if (options.quiet) return;
    this.#timer = setInterval(() => this.#show(), this.#isBar ? barIntervalMs : lineIntervalMs);
    this.#timer.unref();
  }

  /** Ends the display; the last state stays on a terminal as a line of its own. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    if (this.#isBar) clearBar(this.#options.stream);
  }

  #show(): void {
    const rate = this.#sample();
    const line = progressLine(
      this.#options.label,
      this.counts,
      rate,
      this.#isBar ? (this.#options.stream.columns ?? 80) : undefined,
    );
    if (this.#isBar) showBar(this.#options.stream, line);
    else showLines(this.#options.stream, [line]);
  }

  #sample(): number {
    return this.#rate.after(this.#options.nowMs(), this.counts.bytesDone);
  }
}

/** @param rate bytes a second; @param columns of the terminal, undefined for a plain line */
export function progressLine(label: string, counts: TransferCounts, rate: number, columns?: number): string {
  const { filesDone, filesTotal, bytesDone, bytesTotal, totalIsFinal } = counts;
  const share = bytesTotal > 0 ? Math.min(1, bytesDone / bytesTotal) : 0;
  const percent = totalIsFinal && bytesTotal > 0 ? ` ${String(Math.floor(share * 100)).padStart(3)} %` : "";
  const left = totalIsFinal && rate > 0 ? `, ${formatDuration((bytesTotal - bytesDone) / rate)} left` : "";
  const text = `${filesDone} of ${filesTotal}${totalIsFinal ? "" : "+"} ${filesTotal === 1 && totalIsFinal ? "file" : "files"}, ${formatBytes(bytesDone)}, ${formatBytes(Math.round(rate))}/s${left}`;
  if (columns === undefined) return `${label}:${percent} ${text}`;
  const width = Math.min(30, columns - label.length - percent.length - text.length - 6);
  const filled = Math.round(share * width);
  const bar = width >= 5 ? ` [${"#".repeat(filled)}${"-".repeat(width - filled)}]` : "";
  return `${label}${bar}${percent} ${text}`.slice(0, columns - 1);
}
