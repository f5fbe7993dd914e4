import type { Writable } from "node:stream";
import { AheadBytes } from "./ahead-bytes.ts";
import { Rate } from "./rate.ts";
import { clearBar, showBar, showLines } from "./screen.ts";
import { firstClauses, formatBytes, formatDuration, formatNumber } from "./text.ts";

/** What a transfer counts as it goes on; it is done when `done` has reached a total that is final. */
export class TransferCounts {
  filesDone = 0;
  filesTotal = 0;
  bytesDone = 0;
  /** Bytes of files under way that travelled, and that are not in `bytesDone` yet. */
  bytesAhead = 0;
  bytesTotal = 0;
  /** Noun of the counted things, in the singular; "": only bytes are counted. */
  noun = "file";
  /** What one file takes beside its bytes, as bytes: where small files take as long as large ones, bytes alone tell little. */
  fileCostBytes = 0;
  /** Whether all there is to do is counted, so that the time left can be told. */
  totalIsFinal = false;
  /** The work before the first file: its name, and the number of files that it has found. */
  search: { readonly doing: string; readonly found: number } = { doing: "looking for files", found: 0 };
  /** Files that the other side has listed, and their bytes, for a total before each of them was looked at. */
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

  /** Of a file with so many bytes. */
  done(sizeBytes: number): void {
    this.filesDone += 1;
    this.bytesDone += sizeBytes;
  }
}

/** Bytes that a transfer has moved over the network so far. */
export interface Moved {
  /** Content that was counted when it had arrived. */
  readonly countedBytes: number;
  /** The same content, and what has travelled of the next blocks. */
  readonly contentBytes: number;
  /** All of the traffic, for the rate. */
  readonly allBytes: number;
}

export interface ProgressOptions {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly quiet: boolean;
  readonly nowMs: () => number;
  /** What is being done, as the line begins: "put", "get". */
  readonly label: string;
  /** Nothing is shown before there is a file: a command whose output is put may ask for something on the terminal. */
  readonly waitsForFile?: boolean;
  /** Absent where all that is done has moved. */
  readonly moved?: () => Moved;
}

const barIntervalMs = 100;
const lineIntervalMs = 5000;
/** So long after the first bytes the rate tells something. */
const rateKnownMs = 3000;

/** A bar on a terminal, a line now and then elsewhere, nothing when quiet. */
export class Progress {
  readonly counts: TransferCounts;
  readonly #options: ProgressOptions;
  readonly #isBar: boolean;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #rate = new Rate();
  readonly #workRate = new Rate();
  readonly #ahead = new AheadBytes();
  #isShown = false;
  /** When the first of the work was done. */
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

  /** Ends the display; the last state stays on a terminal as a line of its own. */
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

  /** 0 for some seconds after the first bytes: until then the server may have been getting ready, and it would be hours that are left. */
  #workAfter(nowMs: number, workDone: number): number {
    if (workDone === 0) return 0;
    this.#movesSinceMs ??= nowMs;
    const rate = this.#workRate.after(nowMs, workDone);
    return nowMs - this.#movesSinceMs < rateKnownMs ? 0 : rate;
  }
}

/** Of a second. */
interface Rates {
  readonly bytes: number;
  readonly work: number;
}

/** Room beside the bar: for "put  50 % 1,234 of 12,345 files, 123 MiB, 100 KiB/s, 1:02:03 left". */
const textColumns = 70;

function searchLine(label: string, { search, filesKnown }: TransferCounts, columns: number | undefined): string {
  const found = Math.max(search.found, filesKnown);
  const line = `${label}: ${search.doing}${found === 0 ? "" : `… ${formatNumber(found)}`}`;
  return columns === undefined ? line : firstClauses(line, columns - 1);
}

/** @param columns of the terminal, undefined for a plain line */
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
  // Its width depends on the terminal alone, or it would change with each digit of the text.
  const width = Math.min(30, columns - textColumns);
  const filled = Math.round(share * width);
  const fits = width >= 5 && label.length + percent.length + text.length + width + 6 <= columns;
  // A share of what is still being counted would run back.
  const bar = isTotalKnown && fits ? ` [${"#".repeat(filled)}${"-".repeat(width - filled)}]` : "";
  return firstClauses(`${label}${bar}${percent} ${text}`, columns - 1);
}
