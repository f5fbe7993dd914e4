import { basename } from "node:path";
import { nameKey } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { contentOf } from "../get/local-content.ts";
import { nameTaken } from "./commit.ts";
import { listLocalFolder } from "./local-folder.ts";
import type { LocalEntry } from "./local-folder.ts";
import { childAt, refusalOf } from "./may-put.ts";
import { planCompared, planPut } from "./put-plan.ts";
import type { PutStep, RemoteState } from "./put-plan.ts";
import { damagedOf } from "./put-work.ts";
import type { KnownRole, PutWork } from "./put-work.ts";
import type { Surplus } from "./surplus.ts";
import type { RemoteTree } from "./remote-tree.ts";

interface Visit {
  readonly localPath: string;
  readonly remotePath: string;
  readonly below: string;
  /** Role on the folder, or on its nearest existing ancestor. */
  readonly at: KnownRole | undefined;
  /** undefined: the folder does not exist yet */
  readonly folder: Pick<RemoteState, "id"> | undefined;
}

/** Changes nothing. Local files are read only where content must be compared. */
export class PutPreview {
  readonly #work: PutWork;
  readonly #remote: RemoteTree | undefined;
  readonly #surplus: Surplus | undefined;

  constructor(work: PutWork, remote: RemoteTree | undefined, surplus?: Surplus) {
    this.#work = work;
    this.#remote = remote;
    this.#surplus = surplus;
  }

  /** @param remotePath for messages @param folder undefined: the folder would be created */
  async takeFolder(localPath: string, remotePath: string, folder: NodeJson | undefined): Promise<void> {
    if (folder === undefined) this.#makeFolder(remotePath);
    const waiting: Visit[] = [{ localPath, remotePath, below: "", folder, at: folder }];
    for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
      const below: Visit[] = [];
      const names: string[] = [];
      const taken = this.#namesAt(visit.folder?.id);
      for (const { entries, unfit } of listLocalFolder(visit.localPath)) {
        for (const { path, code, message } of unfit) {
          names.push(basename(path));
          this.#work.report.problem(path, message, code);
        }
        for (const entry of entries) {
          names.push(entry.name);
          const child = await this.#takeIn(visit, entry, taken);
          if (child !== undefined) below.push(child);
        }
      }
      const { folder: there, remotePath: path } = visit;
      if (there !== undefined) this.#surplus?.visit({ id: there.id, below: visit.below, path }, names);
      waiting.push(...below.toReversed());
    }
  }

  async #takeIn(visit: Visit, entry: LocalEntry, taken: Map<string, string>): Promise<Visit | undefined> {
    const below = visit.below === "" ? entry.name : `${visit.below}/${entry.name}`;
    if (this.#work.patterns?.names(below, entry.kind === "folder") === true) return undefined;
    const remotePath = `${visit.remotePath === "/" ? "" : visit.remotePath}/${entry.name}`;
    const { folder, at } = visit;
    const remote = folder === undefined ? undefined : this.#remote?.child(folder.id, entry.name);
    const key = nameKey(entry.name);
    if ((taken.get(key) ?? entry.name) !== entry.name) {
      this.#work.report.problem(entry.path, nameTaken, "exists");
      return undefined;
    }
    taken.set(key, entry.name);
    const isFolder = await this.takeEntry(entry, remotePath, remote, async (step) => {
      const refusal = refusalOf({ entry, folder: { at }, remote, exchange: step.do === "exchange" });
      if (refusal !== undefined) this.#work.report.refused(entry.path, refusal);
      return refusal !== undefined;
    });
    if (!isFolder) return undefined;
    return { localPath: entry.path, remotePath, below, folder: remote, at: childAt(at, entry.name, remote?.role) };
  }

  /** Keys are those under which the server treats two names as equal. */
  #namesAt(folderId: string | undefined): Map<string, string> {
    const names = folderId === undefined ? [] : (this.#remote?.children(folderId) ?? []);
    return new Map(Array.from(names, ([name]) => [nameKey(name), name]));
  }

  /**
   * @param refuses called before something would be created or sent; returns true for an item that it has reported
   * @returns true for a folder whose content is visited next
   */
  async takeEntry(
    entry: LocalEntry,
    remotePath: string,
    remote: RemoteState | undefined,
    refuses: (step: PutStep) => Promise<boolean>,
  ): Promise<boolean> {
    const { report } = this.#work;
    const step = await this.#compared(entry, planPut(entry, remote));
    if (step.do === "refuse") {
      report.problem(entry.path, step.message, "conflict");
      return false;
    }
    const isFolder = entry.kind === "folder";
    if (step.do === "attributes") this.setAttributes(remotePath);
    else if (step.do === "keep") {
      if (entry.kind === "file") report.filesEqual += 1;
      if (entry.kind === "symlink") report.linksEqual += 1;
    } else if (await refuses(step)) return false;
    else if (isFolder) this.#makeFolder(remotePath);
    else {
      report.exchanged(entry, remote);
      this.#send(entry, remotePath, step.do === "create");
    }
    return isFolder;
  }

  #send(entry: LocalEntry, remotePath: string, isNew: boolean): void {
    const { report } = this.#work;
    const isLink = entry.kind === "symlink";
    const bytes = isLink ? 0 : entry.sizeBytes;
    if (isLink) report.linksMade += 1;
    else report.sent(entry.name);
    report.bytesSent += bytes;
    const made = isLink ? "link" : "send";
    report.change(isNew ? made : "replace", remotePath, bytes);
  }

  async #compared(entry: LocalEntry, step: PutStep): Promise<PutStep> {
    if (step.do !== "compare") return step;
    const { journal, pool } = this.#work;
    const known = damagedOf(this.#work, step.remote) === undefined ? journal.find(entry.path, entry.stamp) : undefined;
    try {
      const content = known ?? (await contentOf(pool, nodeDisk, entry.path, entry.sizeBytes));
      return planCompared(entry, content, step.remote, this.#work.withTimes);
    } catch {
      return { do: "refuse", message: "cannot be read, so it would be skipped" };
    }
  }

  setAttributes(remotePath: string): void {
    this.#work.report.attributesSet += 1;
    this.#work.report.change("attributes", remotePath, 0);
  }

  #makeFolder(remotePath: string): void {
    this.#work.report.foldersMade += 1;
    this.#work.report.change("mkdir", remotePath, 0);
  }
}
