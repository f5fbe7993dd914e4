import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import { errnoOf, isNotFound } from "@holdfast/disk/disk-error";
import type { DiskStat } from "@holdfast/disk/disk";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { keptHere, problemCodeOf } from "../kept-here.ts";
import { isWhole, mayDelete } from "../may-delete.ts";
import type { Mirroring } from "../may-delete.ts";
import type { TransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import { contentOfLink } from "./fetched-files.ts";
import { contentOf } from "./local-content.ts";
import type { LocalChanges } from "./local-changes.ts";
import type { LocalDisk } from "./local-disk.ts";
import { statOf } from "./stat-of.ts";
import { assertReplaceable } from "./write-files.ts";

interface SurplusWork {
  readonly disk: LocalDisk;
  readonly pool: TransferPool;
  readonly report: TransferReport;
  readonly changes: LocalChanges;
  readonly patterns: Patterns | undefined;
  /** The filesystem takes names that differ in case for one. */
  readonly foldsNames: boolean;
  /** Contents that lie in the server's trash. */
  readonly trashed: () => AsyncIterable<string>;
}

interface Going {
  readonly path: string;
  readonly stat: DiskStat;
}

interface Found {
  readonly path: string;
  /** From the target on, for patterns. */
  readonly below: string;
  readonly name: string;
}

interface Looked extends Found {
  /** Undefined also for what is gone by now. */
  readonly stat: DiskStat | undefined;
  readonly stays: boolean;
}

const filesAtOnce = 32;
/** After so many questions about one file each the trash is listed, which tells of a thousand at once. */
const askedAloneMax = 64;

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
  #asked = 0;
  #trash: Promise<void> | undefined;

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
    const byPath = (one: Going, other: Going): number => (one.path < other.path ? -1 : 1);
    report.deleted += this.#going.length;
    for (const { path, stat } of this.#going.toSorted(byPath))
      report.change("delete", path, stat.kind === "file" ? stat.sizeBytes : 0);
  }

  #key(name: string): string {
    return this.#work.foldsNames ? nameKey(name).toLowerCase() : nameKey(name);
  }

  async #findIn(folder: string, below: string, wanted: ReadonlySet<string>): Promise<boolean> {
    const names: string[] = [];
    try {
      for await (const { name } of this.#work.disk.list(folder)) names.push(name);
    } catch (thrown) {
      return this.#keep(folder, thrown);
    }
    const wantless = names.toSorted().filter((name) => !wanted.has(this.#key(name)));
    let isEmpty = wantless.length === names.length;
    for (let start = 0; start < wantless.length; start += filesAtOnce) {
      const some = wantless.slice(start, start + filesAtOnce);
      const found = some.map((name) => ({ name, path: join(folder, name), below: `${below}${name}` }));
      // Each file takes a question to the server: one after the other they would take minutes. Folders hold files themselves.
      const looked = await Promise.all(found.map((each) => this.#look(each)));
      const goes = await Promise.all(
        looked.filter((each) => each.stat?.kind !== "folder").map((each) => this.#takeFile(each)),
      );
      isEmpty &&= goes.every(Boolean);
      for (const each of looked)
        if (each.stat?.kind === "folder") isEmpty = (await this.#takeFolder(each, each.stat)) && isEmpty;
    }
    return isEmpty;
  }

  /** `stays` with what is not asked for, or not known. */
  async #look(found: Found): Promise<Looked> {
    const { path, below, name } = found;
    const { disk, patterns } = this.#work;
    if (name === ".holdfast" || name.startsWith(".holdfast-")) return { ...found, stat: undefined, stays: true };
    try {
      const stat = await statOf(disk, path);
      if (stat !== undefined && patterns?.names(below, stat.kind === "folder") === true)
        return { ...found, stat: undefined, stays: true };
      return { ...found, stat, stays: false };
    } catch (thrown) {
      return { ...found, stat: undefined, stays: !this.#keep(path, thrown) };
    }
  }

  /** @returns whether it goes */
  async #takeFile({ path, stat, stays }: Looked): Promise<boolean> {
    if (stays || stat === undefined) return !stays;
    try {
      if (stat.kind === "other") throw keptHere("is not a file, folder or link (a socket, pipe or device)");
      await this.#assertOnServer(path, stat);
      this.#going.push({ path, stat });
      return true;
    } catch (thrown) {
      return this.#keep(path, thrown);
    }
  }

  /** @returns whether all of it goes */
  async #takeFolder({ path, below }: Found, stat: DiskStat): Promise<boolean> {
    if (!(await this.#findIn(path, `${below}/`, new Set()))) return false;
    this.#going.push({ path, stat });
    return true;
  }

  async #assertOnServer(path: string, stat: DiskStat): Promise<void> {
    const { disk, pool, changes } = this.#work;
    const isLink = stat.kind === "symlink";
    const content = isLink
      ? contentOfLink(await disk.readLink(path))
      : await contentOf(pool, disk, path, stat.sizeBytes);
    if (this.#contents.has(content)) return;
    this.#asked += 1;
    if (this.#asked > askedAloneMax) await (this.#trash ??= this.#listTrash());
    if (this.#contents.has(content) || (await changes.isOnServer(path, content))) return;
    throw keptHere("has no copy of its content on the server");
  }

  async #listTrash(): Promise<void> {
    for await (const content of this.#work.trashed()) this.#contents.add(content);
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
    const message = isKept ? thrown.message.replace(/ Use --overwrite.*/, "") : thrown.message;
    this.#work.report.problem(path, message, problemCodeOf(thrown));
    return false;
  }
}
