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
  /** The filesystem ignores case in names. */
  readonly foldsNames: boolean;
  /** Content ids in the server's trash. */
  readonly trashed: () => AsyncIterable<string>;
}

interface Going {
  readonly path: string;
  readonly stat: DiskStat;
}

interface Found {
  readonly path: string;
  /** Path below the target, for patterns. */
  readonly below: string;
  readonly name: string;
}

interface Looked extends Found {
  /** Also undefined if the entry has gone. */
  readonly stat: DiskStat | undefined;
  readonly stays: boolean;
}

const filesAtOnce = 32;
/** Single requests before the trash is listed instead, which returns a thousand files per request. */
const askedAloneMax = 64;

/**
 * A local deletion is permanent, so `get --delete` removes only content that the server has in a version of any file or
 * in the trash. The rest is kept and reported.
 */
export class LocalSurplus {
  readonly #work: SurplusWork;
  /** Folder path, mapped to its path below the target and the server's names. */
  readonly #folders = new Map<string, { readonly below: string; readonly names: Set<string> }>();
  readonly #contents = new Set<string>();
  /** Entries to delete, children before their folder. */
  readonly #going: Going[] = [];
  #known = 0;
  #asked = 0;
  #trash: Promise<void> | undefined;

  constructor(work: SurplusWork) {
    this.#work = work;
  }

  /** Called for each folder that both sides have. */
  enter(path: string, below: string): void {
    this.#folders.set(path, { below, names: new Set() });
  }

  /** Records a name that the server has, excluded or not. */
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
      // Each file needs a request, so files are checked concurrently. Folders limit their files themselves.
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

  /** `stays` is true for an excluded entry or one that cannot be read. */
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
      // A new entry appeared in the folder, or the entry has gone.
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
