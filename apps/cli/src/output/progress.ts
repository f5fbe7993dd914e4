import type { Writable } from "node:stream";
import { AheadBytes } from "./ahead-bytes.ts";
import { Rate } from "./rate.ts";
import { clearBar, showBar, showLines } from "./screen.ts";
import { firstClauses, formatBytes, formatDuration, formatNumber } from "./text.ts";

/** Counts of a running transfer. It is complete when the counts reach a final total. */
export class TransferCounts {
  filesDone = 0;
  filesTotal = 0;
  bytesDone = 0;
  /** Bytes of files in progress that were transferred but are not in `bytesDone`. */
  bytesAhead = 0;
  bytesTotal = 0;
  /** Singular noun of the counted items; "": only bytes are counted. */
  noun = "file";
  /** Bytes added for each file, because many small files take as long as a large one. */
  fileCostBytes = 0;
  /** Everything to transfer is counted, so the remaining time can be estimated. */
  totalIsFinal = false;
  search: { readonly doing: string; readonly found: number } = { doing: "looking for files", found: 0 };
  /** Totals of the other side, before each file was checked. */
  listed = { files: 0, bytes: 0, isAll: false };

  get isTotalKnown(): boolean {
    return this.totalIsFinal || this.listed.isAll;
  }

  get filesKnown(): number {
    return this.totalIsFinal ? this.filesTotal : Math.max(this.filesTotal, this.listed.files);
  }

  get workDone(): number {
    return this.bytesDone + this.bytesAhead + this.filesDone * this.fileCostBytes;
  }

  get bytesKnown(): number {
    return this.totalIsFinal ? this.bytesTotal : Math.max(this.bytesTotal, this.listed.bytes);
  }

  get workTotal(): number {
    return this.bytesKnown + this.filesKnown * this.fileCostBytes;
  }

  done(sizeBytes: number): void {
    this.filesDone += 1;
    this.bytesDone += sizeBytes;
  }
}

export interface Moved {
  readonly countedBytes: number;
  /** Includes blocks in transfer. */
  readonly contentBytes: number;
  readonly allBytes: number;
}

export interface ProgressOptions {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly quiet: boolean;
  readonly nowMs: () => number;
  /** Name such as "put" or "get". */
  readonly label: string;
  /**
   * Shows nothing before the first file, because a command whose output is uploaded may ask something on the terminal.
   */
  readonly waitsForFile?: boolean;
  /** Absent if all counted bytes were transferred. */
  readonly moved?: () => Moved;
}

const barIntervalMs = 100;
const lineIntervalMs = 5000;
/** The rate is meaningful only after this time. */
const rateKnownMs = 3000;

/** A bar on a terminal, or a line every few seconds elsewhere; nothing with `--quiet`. */
export class Progress {
  readonly counts: TransferCounts;
  readonly #options: ProgressOptions;
  readonly #isBar: boolean;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #rate = new Rate();
  readonly #workRate = new Rate();
  readonly #ahead = new AheadBytes();
  #isShown = false;
  #movesSinceMs: number | undefined;

  constructor(counts: TransferCounts, options: ProgressOptions) {
    this.counts = counts;
    this.#options = options;
    this.#isBar = options.stream.isTTY === true;
    this.#sample();
    if (options.quiet) return;
    this.#timer = setInterval(() => this.#show(), this.#isBar ? barIntervalMs : lineIntervalMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    if (this.#isBar && this.#isShown) clearBar(this.#options.stream);
  }

  #show(): void {
    const { stream, label, waitsForFile } = this.#options;
    if (waitsForFile === true && this.counts.filesTotal === 0) return;
    const columns = this.#isBar ? stream.columns || 80 : undefined;
    this.#isShown = true;
    const line = progressLine(label, this.counts, this.#sample(), columns);
    if (this.#isBar) showBar(stream, line);
    else showLines(stream, [line]);
  }

  #sample(): Rates {
    const nowMs = this.#options.nowMs();
    const { counts } = this;
    const moved = this.#options.moved?.();
    if (moved !== undefined) {
      const { countedBytes: movedBytes, contentBytes: travelledBytes } = moved;
      const bytes = { planBytes: counts.bytesKnown, countedBytes: counts.bytesDone, movedBytes, travelledBytes };
      counts.bytesAhead = Math.max(0, this.#ahead.after(bytes) - counts.bytesDone);
    }
    const bytes = this.#rate.after(nowMs, moved?.allBytes ?? counts.bytesDone);
    return { bytes, work: this.#workAfter(nowMs, counts.workDone) };
  }

  /** @returns work per second; 0 for some seconds after the first bytes, because the server may have been preparing */
  #workAfter(nowMs: number, workDone: number): number {
    if (workDone === 0) return 0;
    this.#movesSinceMs ??= nowMs;
    const rate = this.#workRate.after(nowMs, workDone);
    return nowMs - this.#movesSinceMs < rateKnownMs ? 0 : rate;
  }
}

interface Rates {
  readonly bytes: number;
  readonly work: number;
}

/** Room for "put  50 % 1,234 of 12,345 files, 123 MiB, 100 KiB/s, 1:02:03 left". */
const textColumns = 70;

function searchLine(label: string, { search, filesKnown }: TransferCounts, columns: number | undefined): string {
  const found = Math.max(search.found, filesKnown);
  const line = `${label}: ${search.doing}${found === 0 ? "" : `… ${formatNumber(found)}`}`;
  return columns === undefined ? line : firstClauses(line, columns - 1);
}

/** @param columns of the terminal; undefined: a plain line */
export function progressLine(label: string, counts: TransferCounts, rates: Rates, columns?: number): string {
  const { filesDone, filesKnown: filesTotal, workDone, workTotal, isTotalKnown } = counts;
  const bytesDone = counts.bytesDone + counts.bytesAhead;
  if (!isTotalKnown && filesDone === 0 && bytesDone === 0) return searchLine(label, counts, columns);
  const share = workTotal > 0 ? Math.min(1, workDone / workTotal) : 0;
  const percent = isTotalKnown && workTotal > 0 ? ` ${String(Math.floor(share * 100)).padStart(3)} %` : "";
  const left = isTotalKnown && rates.work > 0 ? `, ${formatDuration((workTotal - workDone) / rates.work)} left` : "";
  const ofAll = isTotalKnown ? formatNumber(filesTotal) : `${formatNumber(filesTotal)}+`;
  const noun = filesTotal === 1 && isTotalKnown ? counts.noun : `${counts.noun}s`;
  const done =
    counts.noun === ""
      ? `${formatBytes(bytesDone)} of ${formatBytes(counts.bytesTotal)}`
      : `${formatNumber(filesDone)} of ${ofAll} ${noun}, ${formatBytes(bytesDone)}`;
  const text = `${done}, ${formatBytes(Math.round(rates.bytes))}/s${left}`;
  if (columns === undefined) return `${label}:${percent} ${text}`;
  // Depends only on the terminal. Otherwise the bar would change with each digit of the text.
  const width = Math.min(30, columns - textColumns);
  const filled = Math.round(share * width);
  const fits = width >= 5 && label.length + percent.length + text.length + width + 6 <= columns;
  // Without a known total, the share would decrease.
  const bar = isTotalKnown && fits ? ` [${"#".repeat(filled)}${"-".repeat(width - filled)}]` : "";
  return firstClauses(`${label}${bar}${percent} ${text}`, columns - 1);
}
