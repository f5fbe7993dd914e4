import { errorTable, HoldfastError, isErrorCode } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { isTemporary } from "@holdfast/core/temporary-names";
import type { Output, Problem } from "../output/output.ts";
import { changedHere } from "./kept-here.ts";
import { count, formatNumber } from "../output/text.ts";
import { type Change, planLines } from "./plan-lines.ts";
import { TransferCounts } from "../output/progress.ts";
import { WithoutRoom } from "./without-room.ts";

export class TransferReport {
  readonly counts = new TransferCounts();
  readonly problems: Problem[] = [];
  filesSent = 0;
  /** Files sent whose names no synced folder accepts, unless a `!` pattern of its `.holdfastignore` does. */
  filesNotSynced = 0;
  readonly #notSynced: string[] = [];
  readonly #filesReplaced: string[] = [];
  readonly #linksReplaced: string[] = [];
  filesEqual = 0;
  /** Equal files whose lost blocks the server has received again. */
  filesHealed = 0;
  attributesSet = 0;
  foldersMade = 0;
  linksMade = 0;
  /** Counted only in a dry run. */
  linksEqual = 0;
  /** Files changed here that `get` kept. Each is also a problem. */
  filesKept = 0;
  deleted = 0;
  /** Bytes before compression, and without blocks that the other side had. */
  bytesSent = 0;
  readonly #output: Output;
  #refused = 0;
  #doneAtRefusal = 0;
  #refusedForRoom = 0;
  #withoutRoom = new WithoutRoom();
  /** Smallest growth in bytes that was refused because it did not fit. */
  #refusedGrowthBytes = Infinity;
  #untried = 0;
  /** Files with a problem, beyond one for each entry of `problems`. */
  #listedTogether = 0;
  /** First files in progress when the transfer broke off. */
  readonly left: string[] = [];
  readonly #verb: "sent" | "received";
  /** Only one file is transferred. Its problem is shown as the command's error. */
  isOne = false;
  /** Dry run: planned actions are counted and listed. */
  readonly isDry: boolean;
  readonly #changes: Change[] = [];
  readonly #alikeShownMax: number;
  readonly #alike = new Map<string, number>();

  /** @param alikeShownMax problems with the same message that are shown one by one */
  constructor(output: Output, verb: "sent" | "received", isDry = false, alikeShownMax = Infinity) {
    this.#alikeShownMax = alikeShownMax;
    this.#output = output;
    this.#verb = verb;
    this.isDry = isDry;
  }

  get itemsSent(): string {
    const files = count(this.filesSent, "file");
    const links = count(this.linksMade, "symbolic link");
    if (this.linksMade === 0) return files;
    return this.filesSent === 0 ? links : `${files} and ${links}`;
  }

  get itemsNotSent(): string {
    const set = this.attributesSet;
    const attributes = set === 0 ? "" : `${formatNumber(set)} with a new time or permissions, `;
    return `${attributes}${formatNumber(this.filesEqual)} already equal`;
  }

  sent(name: string): void {
    this.filesSent += 1;
    if (!isTemporary(name)) return;
    this.filesNotSynced += 1;
    if (this.#notSynced.length < leftNamedMax) this.#notSynced.push(name);
  }

  /** @param before node that had the name on the server */
  exchanged(
    { kind, name }: { readonly kind: string; readonly name: string },
    before: { readonly kind: string } | undefined,
  ): void {
    if (before === undefined || before.kind === kind) return;
    const names = kind === "symlink" ? this.#filesReplaced : this.#linksReplaced;
    names.push(name);
  }

  /**
   * Unlike earlier versions of a file, the items are in the trash, so this is shown also with `--quiet`. The wording
   * fits a dry run.
   */
  reportExchanged(): void {
    const warnReplaced = (names: readonly string[], before: string, now: string): void => {
      if (names.length === 0) return;
      const shown = names.slice(0, leftNamedMax).map((name) => printable(name));
      const more = names.length > shown.length ? ` and ${formatNumber(names.length - shown.length)} more` : "";
      const replaced = names.length === 1 ? `is replaced by a ${now} and moves` : `are replaced by ${now}s and move`;
      this.warn(`${count(names.length, before)} on the server ${replaced} to the trash: ${shown.join(", ")}${more}`);
    };
    warnReplaced(this.#filesReplaced, "file", "symbolic link");
    warnReplaced(this.#linksReplaced, "symbolic link", "file");
  }

  reportNotSynced(): void {
    if (this.filesNotSynced === 0) return;
    const more = this.filesNotSynced - this.#notSynced.length;
    const names = `${this.#notSynced.map((name) => printable(name)).join(", ")}${more === 0 ? "" : ` and ${formatNumber(more)} more`}`;
    const [are, they] =
      this.filesNotSynced === 1
        ? ["is named like a temporary file", "it is"]
        : ["are named like temporary files", "they are"];
    const files = count(this.filesNotSynced, "file");
    this.#output.note(`holdfast: ${files} ${are}, so ${they} not synced to folders on devices: ${names}`);
  }

  warn(text: string): void {
    this.#output.say(`holdfast: ${text}`);
  }

  change(action: Change["action"], path: string, bytes: number): void {
    this.#changes.push({ action, path, bytes });
  }

  planLines(): string[] {
    return planLines(this.#changes);
  }

  /**
   * Shown immediately, and listed in the result.
   * @param files number of files with the problem, if they are listed together
   */
  problem(path: string, message: string, code = "failed", files = 1): void {
    if (code === changedHere) this.filesKept += 1;
    const problem = this.#list({ path, code, message }, files);
    const alike = (this.#alike.get(message) ?? 0) + 1;
    this.#alike.set(message, alike);
    if (alike <= this.#alikeShownMax && !this.isOne) this.#output.problem(problem);
  }

  #list(problem: Problem, files = 1): Problem {
    this.#listedTogether += files - 1;
    this.problems.push(problem);
    return problem;
  }

  /** Puts all files that did not fit in one line, and counts further problems with an already shown message. */
  reportAlike(): void {
    const problem = this.#withoutRoom.problem();
    if (problem !== undefined && !this.isOne) this.#output.problem(problem);
    this.#withoutRoom = new WithoutRoom();
    for (const [message, alike] of this.#alike) {
      const more = alike - this.#alikeShownMax;
      if (more <= 0) continue;
      const have = more === 1 ? "has" : "have";
      this.#output.problem({
        path: "",
        code: "",
        message: `${count(more, "more path")} ${have} the same problem: "${message}" --json lists them.`,
      });
    }
    this.#alike.clear();
  }

  /**
   * A refusal by the other side, or a defect.
   * @param growthBytes growth over the replaced content
   * @throws HoldfastError if every file seems to be refused
   */
  refused(path: string, failure: HoldfastError, growthBytes = 0): void {
    const { code, message } = failure;
    if (code === "quota") {
      if (this.lacksRoom(growthBytes)) return this.untried(path, growthBytes);
      this.#withoutRoom.add(path, growthBytes, failure);
      this.#refusedForRoom += 1;
      this.#refusedGrowthBytes = Math.min(this.#refusedGrowthBytes, growthBytes);
      return void this.#list({ path, code, message });
    }
    this.problem(path, message, code);
    const { filesDone } = this.counts;
    if (!suspicious.has(code)) return;
    this.#refused = this.#doneAtRefusal === filesDone ? this.#refused + 1 : 1;
    this.#doneAtRefusal = filesDone;
    if (this.#refused < (filesDone === 0 ? refusedAtStartMax : refusedInARowMax)) return;
    const rest = `The last ${this.#refused} in a row were refused, so the rest were not tried.`;
    throw new HoldfastError(isErrorCode(code) ? code : "failed", `${message} ${rest}`);
  }

  /**
   * True if enough files of this growth or less were refused for lack of space, so that sending this one is pointless.
   */
  lacksRoom(growthBytes: number): boolean {
    return this.#refusedForRoom >= withoutRoomMax && growthBytes >= this.#refusedGrowthBytes;
  }

  /** Records a file that is not sent for lack of space. They are listed together at the end. */
  untried(path: string, growthBytes: number): void {
    this.#withoutRoom.add(path, growthBytes);
    this.#untried += 1;
  }

  /** Records the first paths that are not transferred, for the report of a transfer that breaks off. */
  leave(paths: readonly string[]): void {
    for (const path of paths) if (this.left.length < leftNamedMax && !this.left.includes(path)) this.left.push(path);
  }

  /**
   * For programs. People see untried files in one line with the refused ones.
   * @param readFreeBytes free space in the account's own space
   */
  async listUntried(readFreeBytes: () => Promise<number | undefined>): Promise<void> {
    await this.#withoutRoom.finish(readFreeBytes);
    if (this.#untried === 0) return;
    const untried = `${count(this.#untried, "more file")} ${this.#untried === 1 ? "was" : "were"} not tried`;
    const why = `there was no space for ${count(this.#refusedForRoom, "file")} before`;
    const message = `${untried}, because ${why}. Free some space and run put again.`;
    this.#list({ path: "", code: "quota", message }, this.#untried);
  }

  /** Includes files that are listed together. */
  get problemCount(): number {
    return this.problems.length + this.#listedTogether;
  }

  get exitCode(): number {
    // A backup is complete without a program's socket.
    const codes = new Set(this.problems.map(({ code }) => code).filter((code) => code !== "special_file"));
    if (codes.size === 0) return 0;
    if (codes.has("quota")) return errorTable.quota.exitCode;
    if (codes.has(changedHere)) return errorTable.conflict.exitCode;
    const [only] = codes;
    // A dry run has only counts of planned actions.
    const planned = this.filesSent + this.filesEqual + this.attributesSet + this.linksMade + this.linksEqual;
    const isNothingDone = this.counts.filesDone + planned + this.foldersMade === 0;
    return isNothingDone && codes.size === 1 && isErrorCode(only) ? errorTable[only].exitCode : 1;
  }

  /** @param isLast everything to transfer is listed */
  listed(nodes: readonly { readonly kind: string; readonly size: number }[], isLast: boolean): void {
    const { listed } = this.counts;
    for (const { kind, size } of nodes) {
      if (kind !== "file" && kind !== "symlink") continue;
      listed.files += 1;
      listed.bytes += kind === "file" ? size : 0;
    }
    listed.isAll = isLast;
  }

  planned(sizeBytes: number): void {
    this.counts.filesTotal += 1;
    this.counts.bytesTotal += sizeBytes;
  }

  done(sizeBytes: number): void {
    this.counts.done(sizeBytes);
  }

  toJson() {
    return {
      ...(this.isDry ? { dry_run: true, changes: this.#changes } : {}),
      [`files_${this.#verb}`]: this.filesSent,
      files_equal: this.filesEqual,
      ...(this.#verb === "sent"
        ? {
            files_healed: this.filesHealed,
            files_not_synced: this.filesNotSynced,
            replaced: this.#filesReplaced.length + this.#linksReplaced.length,
          }
        : { files_kept: this.filesKept }),
      attributes_set: this.attributesSet,
      folders_made: this.foldersMade,
      links_made: this.linksMade,
      [`bytes_${this.#verb}`]: this.bytesSent,
      deleted: this.deleted,
      problems: this.problems,
    };
  }
}

/** Further names are only counted. */
const leftNamedMax = 3;

/** The next file would meet these too. The transfer ends with their exit code, and can be run again. */
const hopeless: ReadonlySet<string> = new Set([
  "unauthenticated",
  "device_suspended",
  "second_factor_required",
  "address_not_allowed",
  "unreachable",
  "unavailable",
  "store_full",
  "rate_limited",
]);

/** Errors that may concern one file or all. */
const suspicious: ReadonlySet<string> = new Set(["forbidden", "internal", "failed"]);
/** After this many in a row, all files count as refused: at the start, before anything is done, and later. */
const refusedAtStartMax = 20;
const refusedInARowMax = 200;
/** Refusals for lack of space after which files of the same growth are not sent. */
const withoutRoomMax = 20;

export function isHopeless(code: string): boolean {
  return hopeless.has(code);
}

/** @param also additional error codes that end the transfer */
export function assertNotHopeless(
  code: string | undefined,
  message: string,
  also: ReadonlySet<string> = new Set(),
): void {
  if (code === undefined || !isErrorCode(code)) return;
  if (hopeless.has(code) || also.has(code)) throw new HoldfastError(code, message);
}
