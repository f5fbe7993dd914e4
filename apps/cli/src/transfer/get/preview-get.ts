import { join } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { nameProblem } from "@holdfast/core/names";
import type { DiskStat } from "@holdfast/disk/disk";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { problemCodeOf } from "../kept-here.ts";
import { toMicros } from "../times.ts";
import type { TransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import { contentOfLink } from "./fetched-files.ts";
import { contentOf } from "./local-content.ts";
import type { LocalSurplus } from "./local-surplus.ts";
import { planGet } from "./get-plan.ts";
import type { LocalChanges } from "./local-changes.ts";
import { statOf } from "./stat-of.ts";

interface Preview {
  readonly pool: TransferPool;
  readonly report: TransferReport;
  readonly changes: LocalChanges;
  readonly patterns: Patterns | undefined;
  readonly surplus: LocalSurplus | undefined;
}

interface Place {
  readonly path: string;
  /** Relative to the requested node, with `/` between names; "" for the node itself. */
  readonly below: string;
  readonly isThere: boolean;
}

/** Changes nothing, and sends only listing requests. */
export class GetPreview {
  readonly #work: Preview;
  readonly #places = new Map<string, Place | "skipped">();

  constructor(work: Preview) {
    this.#work = work;
  }

  /** @param folder the node becomes `name` in it */
  async takeRoot(node: NodeJson, folder: string, name: string): Promise<void> {
    const isThere = (await statOf(nodeDisk, folder))?.kind === "folder";
    await this.#take(node, { path: join(folder, name), below: "", isThere });
  }

  async take(node: NodeJson): Promise<void> {
    const parent = this.#places.get(node.parent_id ?? "");
    if (parent !== undefined && parent !== "skipped") this.#work.surplus?.saw(parent.path, node.name, node.content_id);
    if (parent === undefined || parent === "skipped") return void this.#places.set(node.id, "skipped");
    const below = parent.below === "" ? node.name : `${parent.below}/${node.name}`;
    await this.#take(node, { path: join(parent.path, node.name), below, isThere: parent.isThere });
  }

  async #take(node: NodeJson, place: Place): Promise<void> {
    const isFolder = node.kind === "folder" || node.kind === "mount";
    const { report, patterns } = this.#work;
    if (place.below !== "" && patterns?.names(place.below, isFolder) === true)
      return void this.#places.set(node.id, "skipped");
    try {
      const problem = place.below === "" ? undefined : nameProblem(node.name);
      if (problem !== undefined) throw new HoldfastError("failed", `its name ${problem}.`);
      const local = place.isThere ? await statOf(nodeDisk, place.path) : undefined;
      if (isFolder) this.#takeFolder(node, place, local);
      else await this.#takeFile(node, place, local);
    } catch (thrown) {
      const error = toHoldfastError(thrown);
      this.#places.set(node.id, "skipped");
      report.problem(place.path, error.message, problemCodeOf(error));
    }
  }

  #takeFolder(node: NodeJson, place: Place, local: DiskStat | undefined): void {
    if (local !== undefined && local.kind !== "folder")
      throw new HoldfastError("conflict", `is a ${local.kind} here and a folder on the server. Move it away.`);
    const id = node.kind === "mount" ? (node.target ?? node.id) : node.id;
    this.#places.set(id, { ...place, isThere: local !== undefined });
    const below = place.below === "" ? "" : `${place.below}/`;
    if (local !== undefined) {
      // The content of a mount whose owner is suspended is not listed.
      if (node.waits !== true) this.#work.surplus?.enter(place.path, below);
      return;
    }
    this.#work.report.foldersMade += 1;
    this.#work.report.change("mkdir", place.path, 0);
  }

  async #takeFile(node: NodeJson, { path }: Place, local: DiskStat | undefined): Promise<void> {
    const { report, changes } = this.#work;
    const target = local?.kind === "symlink" ? await nodeDisk.readLink(path) : undefined;
    const step = planGet(node, local, target);
    if (step.do === "refuse") throw new HoldfastError("conflict", step.message);
    if (step.do === "keep") return void (report.linksEqual += 1);
    const isLink = node.kind === "symlink";
    const content = local === undefined || target !== undefined ? undefined : await this.#read(path, local);
    if (!isLink && content !== undefined && content === node.content_id) return this.#takeEqual(node, path, local);
    if (local !== undefined)
      await changes.assertUnchanged(path, node, target === undefined ? (content ?? "") : contentOfLink(target));
    if (isLink) report.linksMade += 1;
    else report.filesSent += 1;
    report.bytesSent += node.size;
    const made = isLink ? "link" : "fetch";
    report.change(local === undefined ? made : "replace", path, node.size);
  }

  #takeEqual(node: NodeJson, path: string, local: DiskStat | undefined): void {
    const { report } = this.#work;
    const isSame =
      local?.mtimeMicros === BigInt(toMicros(node.modified_at)) && ((local.mode & 0o100) !== 0) === node.executable;
    if (isSame) report.filesEqual += 1;
    else {
      report.attributesSet += 1;
      report.change("attributes", path, 0);
    }
  }

  #read(path: string, { sizeBytes }: DiskStat): Promise<string> {
    return contentOf(this.#work.pool, nodeDisk, path, sizeBytes);
  }
}
