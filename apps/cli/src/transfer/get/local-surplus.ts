import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import { errnoOf, isNotFound } from "@holdfast/disk/disk-error";
import type { Disk, DiskStat } from "@holdfast/disk/disk";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { keptHere, problemCodeOf } from "../kept-here.ts";
import { isWhole, mayDelete } from "../may-delete.ts";
import type { Mirroring } from "../may-delete.ts";
import type { TransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import { contentOfLink } from "./fetched-files.ts";
import { contentOf } from "./local-content.ts";
import type { LocalChanges } from "./local-changes.ts";
import { statOf } from "./stat-of.ts";
import { assertReplaceable } from "./write-files.ts";

interface SurplusWork {
  readonly disk: Disk;
  readonly pool: TransferPool;
  readonly report: TransferReport;
  readonly changes: LocalChanges;
  readonly patterns: Patterns | undefined;
  /** The filesystem takes names that differ in case for one. */
  readonly foldsNames: boolean;
}

interface Going {
  readonly path: string;
  readonly stat: DiskStat;
}

/**
 * What stands here and not on the server, and goes with `get --delete`. What is deleted here is gone for good, so only what the server has,
 * in a version of any file or in the trash, may go; all else is kept and listed.
 */
export class LocalSurplus {
  readonly #work: SurplusWork;
  /** Path of a folder, to where it is below the target and what the server has in it. */
  readonly #folders = new Map<string, { readonly below: string; readonly names: Set<string> }>();
  readonly #contents = new Set<string>();
  /** In an order in which each folder is empty when it comes. */
  readonly #going: Going[] = [];
  #known = 0;

  constructor(work: SurplusWork) {
    this.#work = work;
  }

  /** A folder that both sides have. */
  enter(path: string, below: string): void {
    this.#folders.set(path, { below, names: new Set() });
  }

  /** What the server has there, wanted or not. */
  saw(folder: string, name: string, contentId: string | null): void {
    this.#known += 1;
    this.#folders.get(folder)?.names.add(this.#key(name));
    if (contentId !== null) this.#contents.add(contentId);
  }

  async delete(mirroring: Mirroring): Promise<void> {
    const { report } = this.#work;
    if (!isWhole(report)) return;
    for (const [path, { below, names }] of this.#folders) await this.#findIn(path, below, names);
    const [count, known] = [this.#going.length, this.#known + this.#going.length];
    if (!(await mayDelete(report, mirroring, { count, known }))) return;
    if (report.isDry) return this.#show();
    for (const going of this.#going) await this.#remove(going);
  }

  #show(): void {
    const { report } = this.#work;
    report.deleted += this.#going.length;
    for (const { path, stat } of this.#going) report.change("delete", path, stat.kind === "file" ? stat.sizeBytes : 0);
  }

  #key(name: string): string {
    return this.#work.foldsNames ? nameKey(name).toLowerCase() : nameKey(name);
  }

  async #findIn(folder: string, below: string, wanted: ReadonlySet<string>): Promise<boolean> {
    let isEmpty = true;
    const names: string[] = [];
    try {
      for await (const { name } of this.#work.disk.list(folder)) names.push(name);
    } catch (thrown) {
      return this.#keep(folder, thrown);
    }
    for (const name of names.toSorted()) {
      const goes = !wanted.has(this.#key(name)) && (await this.#find(join(folder, name), `${below}${name}`, name));
      isEmpty &&= goes;
    }
    return isEmpty;
  }

  /** @returns whether all of it goes */
  async #find(path: string, below: string, name: string): Promise<boolean> {
    const { disk, patterns } = this.#work;
    if (name === ".holdfast" || name.startsWith(".holdfast-")) return false;
    try {
      const stat = await statOf(disk, path);
      if (stat === undefined) return true;
      if (patterns?.names(below, stat.kind === "folder") === true) return false;
      if (stat.kind === "other") throw keptHere("is no file, folder or link (a socket, pipe or device)");
      if (stat.kind === "folder" && !(await this.#findIn(path, `${below}/`, new Set()))) return false;
      if (stat.kind !== "folder") await this.#assertOnServer(path, stat);
      this.#going.push({ path, stat });
      return true;
    } catch (thrown) {
      return this.#keep(path, thrown);
    }
  }

  async #assertOnServer(path: string, stat: DiskStat): Promise<void> {
    const { disk, pool, changes } = this.#work;
    const isLink = stat.kind === "symlink";
    const content = isLink
      ? contentOfLink(await disk.readLink(path))
      : await contentOf(pool, disk, path, stat.sizeBytes);
    if (this.#contents.has(content) || (await changes.isOnServer(path, content))) return;
    throw keptHere("is not on the server");
  }

  async #remove({ path, stat }: Going): Promise<void> {
    const { disk, report } = this.#work;
    try {
      if (stat.kind === "folder") await disk.rmdir(path);
      else {
        await assertReplaceable(disk, path, stat);
        await disk.unlink(path);
      }
      report.deleted += 1;
    } catch (thrown) {
      // Something came into it meanwhile.
      if (isNotFound(thrown) || ["ENOTEMPTY", "EEXIST"].includes(errnoOf(thrown) ?? "")) return;
      this.#keep(path, thrown);
    }
  }

  #keep(path: string, thrown: unknown): false {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    const isKept = problemCodeOf(thrown) !== thrown.code;
    const message = isKept ? thrown.message.replace(/ Give --overwrite.*/, "") : thrown.message;
    this.#work.report.problem(path, message, problemCodeOf(thrown));
    return false;
  }
}
