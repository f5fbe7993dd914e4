import { join, relative, sep } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { nameProblem } from "@holdfast/core/names";
import { errnoOf } from "@holdfast/disk/disk-error";
import type { NodeJson } from "@holdfast/protocol/values";
import { wholeFileBytesMax } from "../read-files.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { contentOfLink } from "./fetched-files.ts";
import { planGet } from "./get-plan.ts";
import { pathOf, replacedBy } from "./get-work.ts";
import type { FileToGet, GetWork } from "./get-work.ts";
import { problemCodeOf } from "../kept-here.ts";
import { getLargeFile } from "./large-file.ts";
import { contentOf } from "./local-content.ts";
import { chainOf } from "./local-folders.ts";
import type { LocalFolder } from "./local-folders.ts";
import { getWholeFiles } from "./whole-files.ts";
import { assertReplaceable, assertSameFolders } from "./write-files.ts";

const batchFilesMax = 500;
/** Folders of a batch are held open: at most this many descriptors for each of `batchesAtOnce`. */
const batchFoldersMax = 64;
const batchBytesMax = 8 * 1024 * 1024;
const batchesAtOnce = 4;
const largeFilesAtOnce = 2;

/** Receives nodes, parents first. Creates folders immediately, files in batches, links last. */
export class TreeGet {
  readonly #work: GetWork;
  readonly #folders = new Map<string, LocalFolder | "skipped">();
  readonly #batches = new TaskGroup(batchesAtOnce);
  readonly #largeFiles = new TaskGroup(largeFilesAtOnce);
  readonly #links: FileToGet[] = [];
  #rootParts: string[] = [];
  #rootPath = "";
  #batch: FileToGet[] = [];
  readonly #batchFolders = new Set<LocalFolder>();
  #batchBytes = 0;
  #batchBlocks = 0;

  constructor(work: GetWork) {
    this.#work = work;
  }

  /** @param folder may have other entries */
  async takeRoot(node: NodeJson, folder: LocalFolder, name: string): Promise<void> {
    this.#rootParts = (folder.parts.get(node.version_id ?? "") ?? []).map((part) => join(folder.path, part));
    this.#rootPath = join(folder.path, name);
    await this.#takeAs(node, folder, name);
  }

  async take(node: NodeJson): Promise<void> {
    const parent = this.#folders.get(node.parent_id ?? "");
    if (parent !== undefined && parent !== "skipped") this.#work.surplus?.saw(parent.path, node.name, node.content_id);
    if (this.#isExcluded(node)) return void this.#folders.set(node.id, "skipped");
    const folder = this.#folders.get(node.parent_id ?? "");
    if (folder === undefined) {
      this.#work.report.problem(node.path, "the server lists it in a folder that it does not list. Run get again.");
    }
    if (folder === "skipped" || folder === undefined) {
      // The skipped folder has been reported, so nothing below it is tried.
      this.#folders.set(node.id, "skipped");
      return;
    }
    await this.#takeAs(node, folder, node.name);
  }

  #isExcluded({ kind, name, parent_id }: NodeJson): boolean {
    const { patterns } = this.#work;
    const folder = this.#folders.get(parent_id ?? "");
    if (patterns === undefined || folder === undefined || folder === "skipped") return false;
    return patterns.names(this.#below(folder.path) + name, kind === "folder" || kind === "mount");
  }

  /** Relative to the requested node, with a trailing slash; "" for the node itself. */
  #below(path: string): string {
    const below = relative(this.#rootPath, path).replaceAll(sep, "/");
    return below === "" ? "" : `${below}/`;
  }

  async #takeAs(node: NodeJson, folder: LocalFolder, name: string): Promise<void> {
    const path = join(folder.path, name);
    try {
      const problem = nameProblem(name);
      if (problem !== undefined) throw new HoldfastError("failed", `its name ${problem}.`);
      if (!this.#work.folders.claim(folder, name)) {
        throw new HoldfastError(
          "exists",
          "this filesystem treats its name and another one as the same. Rename one of them on the server.",
        );
      }
      await this.#make(node, folder, name);
    } catch (thrown) {
      this.#folders.set(node.id, "skipped");
      this.#fail(path, toHoldfastError(thrown));
    }
  }

  /** Resolves when everything is written and durable. */
  async finish(): Promise<void> {
    this.#work.report.counts.totalIsFinal = true;
    await this.#sendBatch();
    await this.#batches.finish();
    await this.#largeFiles.finish();
    this.#work.room.reportRefused();
    for (const link of this.#links) await this.#makeLink(link);
    for (const [path, failure] of await this.#work.folders.sync()) this.#fail(path, failure);
    await this.#removeParts();
  }

  /** Waits after a failure until nothing is in flight. */
  async settle(): Promise<void> {
    await Promise.all([this.#batches.settle(), this.#largeFiles.settle()]);
  }

  async #make(node: NodeJson, folder: LocalFolder, name: string): Promise<void> {
    const { report, folders } = this.#work;
    if (node.kind === "folder" || node.kind === "mount") {
      // A mount's ancestors on the owner's disk may be private, and they are not downloaded.
      const isPrivate = node.private === true || node.kind === "mount";
      const entered = await folders.enter(join(folder.path, name), folder, isPrivate);
      this.#folders.set(node.kind === "mount" ? (node.target ?? node.id) : node.id, entered.folder);
      if (entered.isNew) report.foldersMade += 1;
      else if (node.waits !== true) this.#work.surplus?.enter(entered.folder.path, this.#below(entered.folder.path));
      return;
    }
    const local = await folders.look(folder, name);
    const file = { node, folder, name, local };
    const target = local?.kind === "symlink" ? await this.#work.disk.readLink(pathOf(file)) : undefined;
    const step = planGet(node, local, target);
    if (step.do === "refuse") throw new HoldfastError("conflict", step.message);
    if (step.do === "replace" && target !== undefined) await this.#assertLink(file, target);
    report.planned(node.size);
    if (step.do === "keep") this.#keepLink(file);
    else if (node.kind === "symlink") this.#links.push(file);
    else if (isWhole(node) && (local?.sizeBytes ?? 0) <= wholeFileBytesMax) await this.#takeWhole(file);
    else await this.#largeFiles.start(() => this.#getLarge(file));
  }

  #keepLink(file: FileToGet): void {
    this.#work.changes.fetched(pathOf(file), contentOfLink(file.node.target ?? ""), file.node);
    this.#work.report.done(0);
  }

  /** @param target target of the existing local link */
  #assertLink(file: FileToGet, target: string): Promise<void> {
    return this.#work.changes.assertUnchanged(pathOf(file), file.node, contentOfLink(target));
  }

  async #takeWhole(file: FileToGet): Promise<void> {
    const { size, blocks = [] } = file.node;
    const isFull =
      this.#batch.length >= batchFilesMax ||
      (this.#batchFolders.size >= batchFoldersMax && !this.#batchFolders.has(file.folder)) ||
      this.#batchBytes + size > batchBytesMax ||
      this.#batchBlocks + blocks.length > limits.fetchHashesMax;
    if (isFull) await this.#sendBatch();
    this.#batch.push(file);
    this.#batchFolders.add(file.folder);
    this.#batchBytes += size;
    this.#batchBlocks += blocks.length;
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchFolders.clear();
    this.#batchBytes = 0;
    this.#batchBlocks = 0;
    if (batch.length > 0) await this.#batches.start(() => getWholeFiles(this.#work, batch));
  }

  async #getLarge(file: FileToGet): Promise<void> {
    try {
      await getLargeFile(this.#work, file);
    } catch (thrown) {
      this.#fail(pathOf(file), toHoldfastError(thrown));
    }
  }

  /** Renames a temporary link, so that it appears complete. */
  async #makeLink(file: FileToGet): Promise<void> {
    const { disk, report, runId, changes, pool } = this.#work;
    const temporary = join(file.folder.path, `.holdfast-part-${file.node.id}.${runId}`);
    const target = file.node.target ?? "";
    try {
      if (file.local?.kind === "file" && !changes.overwrites)
        await changes.assertUnchanged(
          pathOf(file),
          file.node,
          await contentOf(pool, disk, pathOf(file), file.local.sizeBytes),
        );
      await assertSameFolders(disk, chainOf(file.folder));
      await disk.symlink(target, temporary);
      const replaces = replacedBy(this.#work, file);
      if (replaces !== undefined) await assertReplaceable(disk, pathOf(file), replaces);
      await disk.rename(temporary, pathOf(file));
      changes.fetched(pathOf(file), contentOfLink(target), file.node);
      report.linksMade += 1;
      report.done(0);
    } catch (thrown) {
      await Promise.allSettled([disk.unlink(temporary)]);
      this.#fail(pathOf(file), toHoldfastError(thrown));
    }
  }

  /** Removes temporary files of interrupted runs, unless a problem occurred: a later run can use their blocks. */
  async #removeParts(): Promise<void> {
    if (this.#work.report.problems.length > 0) return;
    const paths = [...this.#rootParts];
    for (const folder of this.#folders.values()) {
      if (folder === "skipped") continue;
      for (const name of [...folder.parts.values()].flat()) paths.push(join(folder.path, name));
    }
    for (const path of paths) await Promise.allSettled([this.#work.disk.unlink(path)]);
  }

  #fail(path: string, error: HoldfastError): void {
    // An error of the local disk affects only this name, unless the disk is full.
    const isOfThisName = errnoOf(error) !== undefined && error.code !== "store_full";
    const code = problemCodeOf(error);
    if (isOfThisName || code !== error.code) return this.#work.report.problem(path, error.message, code);
    assertNotHopeless(error.code, error.message, this.#work.source.hopeless);
    this.#work.report.refused(path, error);
  }
}

/** The listing includes the blocks, so the file is read and written in one step. */
function isWhole({ size, blocks }: NodeJson): boolean {
  return size === 0 || (size <= wholeFileBytesMax && blocks !== undefined);
}
