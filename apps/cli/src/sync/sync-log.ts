import { appendFile, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RecentChange } from "@holdfast/sync/loop/reports/progress";
import { z } from "zod";
import { printable } from "@holdfast/core/printable";
import type { Output } from "../output/output.ts";
import { fitted, formatLocalTime, formatTime } from "../output/text.ts";
import { inWords, pathWords } from "./sync-reporter.ts";

const logEntry = z.object({
  at: z.string(),
  what: z.enum([
    "created",
    "changed",
    "moved",
    "deleted",
    "copied aside",
    "share ended",
    "conflict",
    "problem",
    "solved",
    "waiting",
    "approved",
    "undone",
    "hidden",
  ]),
  /** Relative to the root; "" for the whole folder. */
  path: z.string(),
  from: z.string().optional(),
  /** Side that made the change; null for other entries. */
  by: z.enum(["here", "server"]).nullable(),
  /** Text of a problem or of waiting deletions. */
  message: z.string().nullable(),
});
export type LogEntry = z.infer<typeof logEntry>;

type Noted = Extract<
  LogEntry["what"],
  "conflict" | "problem" | "solved" | "waiting" | "approved" | "undone" | "hidden"
>;

const names = { newest: "log.jsonl", before: "log.1.jsonl" } as const;
/** Limit of each file, enough for some ten thousand entries. */
const fileBytesMax = 2 * 2 ** 20;
const flushMs = 1000;
/** Entries kept in memory. Further entries are dropped if the disk is too slow. */
const waitingMax = 20_000;

/**
 * Log in at most two files of 2 MiB. Only people read it, so it is written without fsync, and failed writes are
 * dropped.
 */
export class SyncLog {
  readonly #folder: string;
  #waiting: LogEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  change({ atMs, path, what, direction, from }: RecentChange): void {
    this.#add({
      at: new Date(atMs).toISOString(),
      what,
      path,
      ...(from === undefined ? {} : { from }),
      by: direction === "up" ? "here" : "server",
      message: null,
    });
  }

  note(atMs: number, what: Noted, path: string, message: string | null): void {
    this.#add({ at: new Date(atMs).toISOString(), what, path, by: null, message });
  }

  async end(): Promise<void> {
    this.#flush();
    await this.#written;
  }

  #add(entry: LogEntry): void {
    if (this.#waiting.length >= waitingMax) return;
    this.#waiting.push(entry);
    this.#timer ??= setTimeout(() => this.#flush(), flushMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#waiting.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    this.#waiting = [];
    if (text !== "") this.#written = this.#written.then(() => this.#append(text)).catch(() => undefined);
  }

  async #append(text: string): Promise<void> {
    const path = join(this.#folder, names.newest);
    const sizeBytes = await stat(path)
      .then(({ size }) => size)
      .catch(() => 0);
    if (sizeBytes > fileBytesMax) await rename(path, join(this.#folder, names.before));
    await appendFile(path, text, { mode: 0o600 });
  }
}

export async function readSyncLog(folder: string, countMax: number): Promise<LogEntry[]> {
  const texts = await Promise.all([names.before, names.newest].map((name) => readIfThere(join(folder, name))));
  const lines = texts
    .join("")
    .split("\n")
    .filter((line) => line !== "");
  return lines.slice(-countMax).flatMap((line) => {
    const entry = logEntry.safeParse(parsed(line));
    // A power cut may have truncated the last line.
    return entry.success ? [entry.data] : [];
  });
}

/** Local time on a terminal, otherwise UTC. @param after end of the line */
export function logLines(
  output: Pick<Output, "isTerminal" | "columns">,
  { at, ...entry }: LogEntry,
  after = "",
): string[] {
  const time = output.isTerminal ? formatLocalTime(at, "second") : formatTime(at);
  return fitted(printable(`${time} ${logWords(entry)}${after}`), output.columns ?? Infinity);
}

export function logWords({ what, path, by, message, from }: Omit<LogEntry, "at">): string {
  return `${inWordsOf(what, by)} ${[pathWords({ path, from }), message ?? ""].filter((part) => part !== "").join(": ")}`;
}

function inWordsOf(what: LogEntry["what"], by: LogEntry["by"]): string {
  switch (what) {
    case "conflict":
      return "conflict; both versions are kept:";
    case "solved":
      return "no longer a problem:";
    case "problem":
    case "waiting":
    case "approved":
    case "undone":
    case "hidden":
      return `${what}:`;
    default:
      return inWords({ what, direction: by === "here" ? "up" : "down" });
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
