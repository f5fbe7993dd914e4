import { basename } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BatchResult } from "@holdfast/api-client/block-transfer";
import { wholeFileBytesMax } from "../read-files.ts";
import { slices } from "../slices.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { commit } from "./commit.ts";
import type { Item } from "./commit.ts";
import { putLargeFile } from "./large-file.ts";
import { listLocalFolder } from "./local-folder.ts";
import type { LocalEntry } from "./local-folder.ts";
import { childAt, refusalOf } from "./may-put.ts";
import { planCompared, planPut } from "./put-plan.ts";
import type { RemoteState } from "./put-plan.ts";
import { afterLateNode, closingOperation, damagedOf, lateNode, linkOperations, setOperation } from "./put-work.ts";
import type { PutWork, QueuedFile, RemoteFolder } from "./put-work.ts";
import type { RemoteTree } from "./remote-tree.ts";
import type { Surplus } from "./surplus.ts";
import { putWholeFiles } from "./whole-files.ts";

/** Files in one request. The server accepts 1,000 operations, and a file takes up to two. */
const batchFilesMax = 500;
const batchBytesMax = 8 * 1024 * 1024;
const batchesAtOnce = 4;
const largeFilesAtOnce = 2;
const operationsMax = 1000;
/** Files listed ahead of reading, so that their new folders need one request. */
const aheadFilesMax = 4 * batchFilesMax;

interface Visit {
  readonly localPath: string;
  /** Path below the uploaded folder, with `/` between names. */
  readonly below: string;
  readonly remotePath: string;
  readonly folder: RemoteFolder;
}

interface NewFolder {
  readonly entry: LocalEntry;
  readonly made: RemoteFolder;
  readonly parent: RemoteFolder;
}

/** Walks, plans and sends concurrently, with bounded memory. New folders are committed before their content is sent. */
export class TreePut {
  readonly #work: PutWork;
  readonly #remote: RemoteTree | undefined;
  readonly #surplus: Surplus | undefined;
  readonly #batches = new TaskGroup(batchesAtOnce);
  readonly #largeFiles = new TaskGroup(largeFilesAtOnce);
  #newFolders: NewFolder[] = [];
  #closing: Item[] = [];
  #links: QueuedFile[] = [];
  #operations: Item[] = [];
  #small: QueuedFile[] = [];
  #large: QueuedFile[] = [];

  /**
   * @param remote nodes below the target folder; undefined for a new folder
   * @param surplus receives each folder, to find nodes that exist only on the server
   */
  constructor(work: PutWork, remote: RemoteTree | undefined, surplus?: Surplus) {
    this.#work = work;
    this.#remote = remote;
    this.#surplus = surplus;
  }

  async putFolder(localPath: string, folder: RemoteFolder, remotePath: string): Promise<void> {
    const waiting: Visit[] = [{ localPath, folder, below: "", remotePath }];
    for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
      const below: Visit[] = [];
      const names: string[] = [];
      for (const { entries, unfit } of listLocalFolder(visit.localPath)) {
        for (const { path, code, message } of unfit) {
          names.push(basename(path));
          this.#work.report.problem(path, message, code);
        }
        for (const entry of entries) {
          names.push(entry.name);
          const path = visit.below === "" ? entry.name : `${visit.below}/${entry.name}`;
          if (this.#work.patterns?.names(path, entry.kind === "folder") === true) continue;
          const child = this.#take(entry, visit.folder, this.#remote?.child(visit.folder.id, entry.name));
          if (child !== undefined)
            below.push({ ...child, below: path, remotePath: `${visit.remotePath}/${entry.name}` });
        }
        if (this.#small.length >= aheadFilesMax || this.#newFolders.length + this.#closing.length >= operationsMax)
          await this.#send(false);
        else await nextTurn();
      }
      this.#surplus?.visit({ id: visit.folder.id, below: visit.below, path: visit.remotePath }, names);
      waiting.push(...below.toReversed());
    }
  }

  putEntry(entry: LocalEntry, folder: RemoteFolder, remote: RemoteState | undefined): void {
    this.#take(entry, folder, remote);
  }

  /** Resolves when the server has acknowledged everything. */
  async finish(): Promise<void> {
    this.#work.report.counts.totalIsFinal = true;
    await this.#send(true);
    await this.#batches.finish();
    await this.#sendLarge();
    await this.#largeFiles.finish();
  }

  /** Waits after a failure until nothing is in flight. */
  async settle(): Promise<void> {
    await Promise.all([this.#batches.settle(), this.#largeFiles.settle()]);
  }

  /** @returns the folder to visit next; undefined for anything else */
  #take(
    entry: LocalEntry,
    folder: RemoteFolder,
    remote: RemoteState | undefined,
  ): Pick<Visit, "localPath" | "folder"> | undefined {
    const step = planPut(entry, remote);
    if (step.do === "refuse") {
      this.#work.report.problem(entry.path, step.message, "conflict");
      return undefined;
    }
    const file = { entry, folder, remote, exchange: step.do === "exchange" };
    // A file of equal size may have equal content, which needs no permission.
    const refusal = ["create", "exchange", "update"].includes(step.do) ? refusalOf(file) : undefined;
    if (refusal !== undefined) {
      this.#work.report.refused(entry.path, refusal);
      return undefined;
    }
    if (entry.kind === "folder") {
      if (step.do === "attributes") this.#close(entry, step.remote);
      return {
        localPath: entry.path,
        folder: step.do === "create" ? this.#newFolder(entry, folder) : toFolder(entry, remote, folder),
      };
    }
    this.#work.report.planned(entry.kind === "file" ? entry.sizeBytes : 0);
    if (entry.kind === "symlink") this.#takeLink(file, step.do === "keep");
    else if (step.do !== "compare" || !this.#isKnown(entry, step.remote)) this.#takeFile(file);
    return undefined;
  }

  #close({ path }: LocalEntry, remote: RemoteState): void {
    const onCommitted = (): void => void (this.#work.report.attributesSet += 1);
    this.#closing.push({ path, operations: [closingOperation(this.#work, remote)], onCommitted });
  }

  #newFolder(entry: LocalEntry, parent: RemoteFolder): RemoteFolder {
    const at = childAt(parent.at, entry.name, parent.at?.role);
    const made: RemoteFolder = { id: this.#work.ids.node(parent.id), failed: false, parent, at };
    this.#newFolders.push({ entry, made, parent });
    return made;
  }

  /** A folder that another client has created under the name since is used instead. */
  async #makeFolders(folders: readonly NewFolder[]): Promise<void> {
    const { ids, report } = this.#work;
    const late = new Set<RemoteFolder>();
    const again: NewFolder[] = [];
    const items = folders.map((folder): Item => {
      const { entry, made, parent } = folder;
      const { id } = made;
      return {
        path: entry.path,
        operations: [
          {
            op: "mkdir",
            operation_id: ids.operation(),
            id,
            parent_id: parent.id,
            name: entry.name,
            ...(entry.isPrivate === true ? { private: true } : {}),
          },
        ],
        onCommitted: () => void (report.foldersMade += 1),
        onFailed: () => void (made.failed = true),
        onRefused: (reason) => {
          const node = lateNode(reason, entry);
          if (node?.kind === "folder") {
            made.id = node.id;
            late.add(made);
          } else if (reason.code === "dependency" && isBelow(made, late)) again.push(folder);
          else return false;
          return true;
        },
      };
    });
    await commit(this.#work, items);
    if (again.length > 0) await this.#makeFolders(again);
  }

  #takeLink(file: QueuedFile, isEqual: boolean): void {
    if (isEqual) this.#work.report.done(0);
    else this.#links.push(file);
  }

  async #makeLinks(links: readonly QueuedFile[]): Promise<void> {
    const { report } = this.#work;
    const again: QueuedFile[] = [];
    const items = links.map((file): Item => {
      const onCommitted = (): void => {
        report.linksMade += 1;
        report.exchanged(file.entry, file.remote);
        report.done(0);
      };
      const onRefused = (reason: BatchResult): boolean => {
        const late = afterLateNode(file, reason);
        if (late === undefined) return false;
        if (planPut(file.entry, late.remote).do === "keep") report.done(0);
        else again.push(late);
        return true;
      };
      return { path: file.entry.path, operations: linkOperations(this.#work, file), onCommitted, onRefused };
    });
    await commit(this.#work, items);
    if (again.length > 0) await this.#makeLinks(again);
  }

  #takeFile(file: QueuedFile): void {
    const isSmall = file.entry.sizeBytes <= wholeFileBytesMax;
    (isSmall ? this.#small : this.#large).push(file);
  }

  #isKnown(entry: LocalEntry, remote: RemoteState): boolean {
    const { journal, report } = this.#work;
    // The server has lost blocks of this version.
    if (damagedOf(this.#work, remote) !== undefined) return false;
    const contentId = journal.find(entry.path, entry.stamp);
    if (contentId === undefined) return false;
    const step = planCompared(entry, contentId, remote, this.#work.withTimes);
    if (step.do === "update") return false;
    const onCommitted = (): void => {
      report.attributesSet += 1;
      report.done(entry.sizeBytes);
    };
    if (step.do === "attributes") {
      this.#operations.push({ path: entry.path, operations: [setOperation(this.#work, remote, entry)], onCommitted });
      return true;
    }
    report.filesEqual += 1;
    report.done(entry.sizeBytes);
    return true;
  }

  async #send(all: boolean): Promise<void> {
    for (const items of slices(this.#closing, operationsMax)) await commit(this.#work, items);
    this.#closing = [];
    for (const folders of slices(this.#newFolders, operationsMax)) await this.#makeFolders(folders);
    this.#newFolders = [];
    for (const links of slices(this.#links, operationsMax / 2)) {
      await this.#batches.start(() => this.#makeLinks(links));
    }
    this.#links = [];
    for (const items of slices(this.#operations, operationsMax / 2)) {
      await this.#batches.start(async () => void (await commit(this.#work, items)));
    }
    this.#operations = [];
    for (const batch of batchesOf(this.#small)) {
      const isLastAndShort = !all && batch.length < batchFilesMax && batch.at(-1) === this.#small.at(-1);
      if (isLastAndShort) {
        this.#small = batch;
        return this.#sendLarge();
      }
      await this.#batches.start(async () => void this.#large.push(...(await putWholeFiles(this.#work, batch))));
    }
    this.#small = [];
    await this.#sendLarge();
  }

  async #sendLarge(): Promise<void> {
    for (let file = this.#large.shift(); file !== undefined; file = this.#large.shift()) {
      const next = file;
      await this.#largeFiles.start(() => putLargeFile(this.#work, next));
    }
  }
}

function isBelow(folder: RemoteFolder, some: ReadonlySet<RemoteFolder>): boolean {
  const { parent } = folder;
  return parent !== undefined && (some.has(parent) || isBelow(parent, some));
}

function toFolder({ name }: LocalEntry, remote: RemoteState | undefined, parent: RemoteFolder): RemoteFolder {
  return { id: remote?.id ?? parent.id, failed: false, parent, at: childAt(parent.at, name, remote?.role) };
}

export function batchesOf(files: readonly QueuedFile[]): QueuedFile[][] {
  const batches: QueuedFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    bytes += file.entry.sizeBytes;
    const last = batches.at(-1);
    if (last === undefined || bytes > batchBytesMax || last.length >= batchFilesMax) {
      batches.push([file]);
      bytes = file.entry.sizeBytes;
    } else last.push(file);
  }
  return batches;
}
