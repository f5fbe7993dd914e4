import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Batch {
  /** Absolute path of the module that the process runs; a single file itself. */
  readonly entry: string;
  /** Relative to the root. */
  readonly files: readonly string[];
}

export function aloneIn(root: string, files: readonly string[]): Batch[] {
  return files.map((file) => ({ entry: join(root, file), files: [file] }));
}

/**
 * Batches are large, because a process loads modules and starts a database or browser once for its files. They are
 * limited, because a crash repeats a whole batch. The order puts the longest files first: those of the simulator are
 * plain, and the packages' tests with a database are longer than the server's last ones.
 */
const filesMax = { plain: 48, browser: 14, pg: 36 };
type Kind = keyof typeof filesMax;
/** Batches of the last kind get smaller, so that the final ones leave no core idle. */
const shrinking: Kind = "pg";
const filesMin = 4;
const batchesLeft = 6;

/**
 * Groups files with equal needs: browser, database, and others.
 * @param folder folder for the modules that the processes run
 */
export function batchesOf(root: string, files: readonly string[], folder: string): Batch[] {
  const kinds = Map.groupBy(files, kindOf);
  return (Object.keys(filesMax) as Kind[]).flatMap((kind) => {
    const ofKind = (kinds.get(kind) ?? []).toSorted((a, b) => Number(isOfPackage(b)) - Number(isOfPackage(a)));
    const batches: Batch[] = [];
    for (let from = 0, count = filesMax[kind]; from < ofKind.length; from += count) {
      const share = Math.ceil((ofKind.length - from) / batchesLeft);
      if (kind === shrinking) count = Math.min(filesMax[kind], Math.max(filesMin, share));
      const some = ofKind.slice(from, from + count);
      if (some.length === 1) batches.push(...aloneIn(root, some));
      else batches.push(writeBatch(root, some, join(folder, `${kind}-${from}.test.mjs`)));
    }
    return batches;
  });
}

function kindOf(file: string): Kind {
  if (file.includes(".browser.")) return "browser";
  return /\.(?:pg|s3)\./.test(file) ? "pg" : "plain";
}

function isOfPackage(file: string): boolean {
  return file.startsWith("packages/");
}

function writeBatch(root: string, files: readonly string[], entry: string): Batch {
  const loads = files.map((file) => `  ${JSON.stringify(file)}: () => import(${urlOf(join(root, file))}),\n`);
  const runner = urlOf(join(import.meta.dirname, "test-batch.ts"));
  writeFileSync(entry, `import { runBatch } from ${runner};\nawait runBatch({\n${loads.join("")}});\n`);
  return { entry, files };
}

function urlOf(path: string): string {
  return JSON.stringify(pathToFileURL(path).href);
}

export interface Failure {
  readonly test: string;
  readonly error: Error;
  /** Entry of the process that ended without a result for this file. */
  readonly batch?: string;
  /** The process ended as if successful, and would do so again. */
  readonly isSilent?: boolean;
}

interface TestEnd {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly entryFile?: string | undefined;
}

/** Collects failed files from the events of a run, each with its first failure. */
export class FileFailures {
  readonly #batches: ReadonlyMap<string, Batch>;
  readonly #ended = new Set<string>();
  readonly #first = new Map<string, Failure>();
  readonly failures = new Map<string, Failure>();

  constructor(batches: readonly Batch[]) {
    this.#batches = new Map(batches.map((batch) => [batch.entry, batch]));
  }

  passed(end: TestEnd): void {
    const batch = this.#batchOf(end);
    if (batch !== undefined && isFileOf(batch, end)) this.#endFile(batch, end.name);
  }

  failed(end: TestEnd, error: Error): void {
    const batch = this.#batchOf(end);
    const failure = { test: end.name, error };
    const [only, ...others] = batch?.files ?? [end.entryFile ?? end.file ?? end.name];
    if (only !== undefined && others.length === 0) this.#add(only, failure);
    if (batch === undefined || others.length === 0) return;
    if (isFileOf(batch, end)) {
      this.#add(end.name, this.#first.get(batch.entry) ?? failure);
      this.#endFile(batch, end.name);
    } else if (end.name === batch.entry) this.#endBatch(batch, failure);
    else if (!this.#first.has(batch.entry)) this.#first.set(batch.entry, failure);
  }

  /** Marks files without any report as failed at the end of the run, however their process ended. */
  finish(): void {
    const together = [...this.#batches.values()].filter(({ files }) => files.length > 1);
    for (const { entry, files } of together) {
      const error = new Error("Its process ended before it did.");
      for (const file of files)
        if (!this.#ended.has(file)) this.#add(file, { test: file, error, batch: entry, isSilent: true });
    }
  }

  #batchOf({ entryFile, file, name }: TestEnd): Batch | undefined {
    return this.#batches.get(entryFile ?? file ?? name);
  }

  #endFile(batch: Batch, file: string): void {
    this.#ended.add(file);
    this.#first.delete(batch.entry);
  }

  /** Handles a failed process. If all its files had passed, any may be the cause. */
  #endBatch(batch: Batch, failure: Failure): void {
    const unfinished = batch.files.filter((file) => !this.#ended.has(file));
    const blamed = unfinished.length > 0 ? unfinished : batch.files;
    if (unfinished.length === 0 && batch.files.some((file) => this.failures.has(file))) return;
    for (const file of blamed) this.#add(file, { ...failure, batch: batch.entry });
  }

  #add(file: string, failure: Failure): void {
    if (!this.failures.has(file)) this.failures.set(file, failure);
  }
}

function isFileOf(batch: Batch, { name, nesting }: TestEnd): boolean {
  return nesting === 0 && batch.files.length > 1 && batch.files.includes(name);
}
