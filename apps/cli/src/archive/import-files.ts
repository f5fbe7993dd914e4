import { SharedWindows } from "@holdfast/codec/shared-windows";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ArchiveNode, ArchiveVersion } from "@holdfast/protocol/archive-documents";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import { neededBlocks } from "../transfer/put/needed-blocks.ts";
import { framesOf } from "../transfer/put/whole-files.ts";
import { type ReadFile, type ReadOutcome, wholeFileBytesMax } from "../transfer/read-files.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { assertContent, sendContent } from "./import-content.ts";
import type { FileProgress } from "./import-progress.ts";
import { commitSteps, fatal, type ReadStep, type Step } from "./import-steps.ts";
import type { ImportWork } from "./import-work.ts";
import type { Stretch } from "./read-archive.ts";

/** Files in one request. The server accepts 1,000 operations, and the bytes fit into one window. */
const batchFilesMax = 500;
const batchBytesMax = 8 * 1024 * 1024;
const batchesAtOnce = 4;
/** Includes room for the headers of frames. */
const windowBytes = batchBytesMax + 1024 * 1024;
const largeFilesAtOnce = 2;

export function newWindows(): SharedWindows {
  return new SharedWindows(windowBytes, batchesAtOnce);
}

export interface FileImport {
  readonly node: ArchiveNode;
  readonly path: string;
  /** Position for a file that does not exist yet. */
  readonly place: { readonly id: string; readonly parent_id: string; readonly name: string };
  /** Versions in order. Each is sent after the previous one is stored. */
  readonly todo: ArchiveVersion[];
  readonly progress: FileProgress;
  file: NodeJson | undefined;
  readonly ended: (file: NodeJson) => Promise<void>;
}

interface NextVersion {
  readonly of: FileImport;
  readonly version: ArchiveVersion;
  readonly stretch: Stretch;
}

/** Sends the next versions of many files in one request. Later versions follow when the earlier ones are stored. */
export class FilesImport {
  readonly #work: ImportWork;
  readonly #into: string;
  readonly #batches = new TaskGroup(batchesAtOnce);
  readonly #largeFiles = new TaskGroup(largeFilesAtOnce);
  #small: NextVersion[] = [];
  #large: NextVersion[] = [];

  /** @param into folder in the space of all files */
  constructor(work: ImportWork, into: string) {
    this.#work = work;
    this.#into = into;
  }

  add(of: FileImport): void {
    const [version] = of.todo;
    if (version === undefined) return;
    const stretch = this.#work.archive.contentOf(version.content_id);
    if (stretch === undefined)
      this.#failed(of, new HoldfastError("failed", "its content is missing from the archive."));
    else (stretch.sizeBytes <= wholeFileBytesMax ? this.#small : this.#large).push({ of, version, stretch });
  }

  /** A caller that adds faster than the server accepts waits here. */
  async send(): Promise<void> {
    while (this.#small.length >= batchFilesMax) await this.#startBatch();
    await this.#startLarge();
  }

  /** Resolves when everything is stored. @throws HoldfastError for an error that every other file would meet too */
  async finish(): Promise<void> {
    do {
      while (this.#small.length > 0) await this.#startBatch();
      await this.#startLarge();
      await this.#batches.finish();
      // Large files take longest, so small files that were added since do not wait for them.
      if (this.#small.length === 0) await this.#largeFiles.finish();
    } while (this.#small.length + this.#large.length > 0);
  }

  /** Waits after a failure until nothing is in flight. */
  async settle(): Promise<void> {
    await Promise.all([this.#batches.settle(), this.#largeFiles.settle()]);
  }

  async #startBatch(): Promise<void> {
    let bytes = 0;
    const end = this.#small.findIndex(({ stretch }, index) => {
      bytes += stretch.sizeBytes;
      return index > 0 && (bytes > batchBytesMax || index >= batchFilesMax);
    });
    const batch = this.#small.splice(0, end < 0 ? this.#small.length : end);
    await this.#batches.start(() => this.#putBatch(batch));
  }

  async #startLarge(): Promise<void> {
    for (let next = this.#large.shift(); next !== undefined; next = this.#large.shift()) {
      const large = next;
      await this.#largeFiles.start(() => this.#putLarge(large));
    }
  }

  async #putBatch(batch: readonly NextVersion[]): Promise<void> {
    const { pool, windows, archive } = this.#work;
    const window = await windows.take();
    try {
      const files = batch.map(({ stretch }) => ({ path: archive.path, ...stretch, knownContentId: undefined }));
      const { outcomes } = await pool.run("readFilesTask", { files, window });
      const steps = batch.flatMap((next, index) => this.#readStep(next, outcomes[index]));
      await this.#commit(steps, window);
    } finally {
      windows.giveBack(window);
    }
    for (const { of } of batch) await this.#goOn(of);
  }

  #readStep(next: NextVersion, read: ReadOutcome | undefined): ReadStep[] {
    try {
      if (read?.status !== "read") throw unread(read);
      const { contentId, blocks } = read;
      assertContent({ contentId, sizeBytes: blocks.reduce((sum, { size }) => sum + size, 0) }, next);
      const step = this.#step(next, blocks);
      const done = (made: NodeJson): void => {
        step.done(made);
        for (const { hash } of blocks) this.#work.sent.add(hash);
      };
      return [{ ...step, done, read }];
    } catch (thrown) {
      this.#failed(next.of, toHoldfastError(thrown));
      return [];
    }
  }

  /** Each block is sent once, even if several files contain it. */
  async #commit(steps: readonly ReadStep[], window: SharedArrayBuffer): Promise<void> {
    const into = this.#into;
    const { needed, full } = await neededBlocks(this.#work, steps, into);
    if (full !== undefined) throw full.failure;
    const lacking = await commitSteps(this.#work, steps, {
      into,
      framesOf: (some) => {
        const unsent = new Set(needed);
        return framesOf(some, window, (hash) => unsent.delete(hash));
      },
    });
    // The server may have lost a block since, so all frames are sent.
    const lost = await commitSteps(this.#work, lacking, {
      into,
      framesOf: (some) => framesOf(some, window, () => true),
    });
    for (const { failed } of lost) failed(notKept());
  }

  async #putLarge(next: NextVersion): Promise<void> {
    const { of, stretch } = next;
    try {
      const work = { ...this.#work, report: of.progress.ofStream() };
      const sent = await sendContent(work, this.#work.archive.path, stretch, this.#into);
      assertContent(sent, next);
      for (const { failed } of await commitSteps(this.#work, [this.#step(next, sent.blocks)])) failed(notKept());
    } catch (thrown) {
      this.#failed(of, toHoldfastError(thrown));
    }
    await this.#goOn(of);
  }

  /** The last version gets the time of the file, earlier ones the time at which they were created. */
  #step({ of, version, stretch }: NextVersion, blocks: readonly ManifestEntry[]): Step {
    const { node, file, place, progress, todo } = of;
    const where =
      file === undefined
        ? place
        : { file_id: file.id, ...(file.version_id === null ? {} : { base_version: file.version_id }) };
    const isLarge = stretch.sizeBytes > wholeFileBytesMax;
    return {
      operation: {
        op: "put",
        operation_id: this.#work.ids.operation(),
        ...where,
        size: stretch.sizeBytes,
        content_id: version.content_id,
        blocks: [...blocks],
        modified_at:
          version.version_id === node.version_id ? node.modified_at : (version.modified_at ?? version.created_at),
        executable: node.executable,
        private: node.private,
      },
      done: (made) => {
        of.file = made;
        todo.shift();
        // The stream of a large file has counted its bytes already.
        if (!isLarge) progress.moved(stretch.sizeBytes);
      },
      failed: (failure) => this.#failed(of, failure),
    };
  }

  #failed(of: FileImport, failure: HoldfastError): void {
    if (fatal.has(failure.code)) throw failure;
    this.#work.imported.problem(of.path, failure.message);
    // Each version needs the previous one.
    of.todo.length = 0;
    of.file = undefined;
    of.progress.end();
  }

  async #goOn(of: FileImport): Promise<void> {
    if (of.todo.length > 0) return this.add(of);
    const { file } = of;
    if (file === undefined) return;
    try {
      await of.ended(file);
      of.progress.end();
    } catch (thrown) {
      this.#failed(of, toHoldfastError(thrown));
    }
  }
}

function unread(outcome: Exclude<ReadOutcome, ReadFile> | undefined): HoldfastError {
  const why = outcome?.status === "failed" ? ` (${outcome.errno})` : "";
  return new HoldfastError("failed", `its content could not be read from the archive${why}.`);
}

function notKept(): HoldfastError {
  return new HoldfastError("missing_blocks", "the server does not have its blocks. Run import again.");
}
