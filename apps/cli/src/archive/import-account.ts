import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { joinPath, nameKey, nameProblem } from "@holdfast/core/names";
import type { ArchiveNode } from "@holdfast/protocol/archive-documents";
import type { NodeJson } from "@holdfast/protocol/values";
import { formatNumber } from "../output/text.ts";
import { allPages, pageItemsMax } from "../remote/pages.ts";
import { slices } from "../transfer/slices.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { besideName } from "./beside-name.ts";
import { importedId } from "./import-content.ts";
import { FilesImport } from "./import-files.ts";
import { FileProgress } from "./import-progress.ts";
import { commitSteps, fatal, type Step } from "./import-steps.ts";
import { stepsFor } from "./version-steps.ts";
import type { ImportWork } from "./import-work.ts";

export interface Target {
  readonly id: string;
  readonly path: string;
  readonly isNew: boolean;
}

const listsAtOnce = 8;
const operationsMax = 1000;
const besideMax = 20;

interface Filling {
  readonly node: ArchiveNode;
  readonly target: Target;
}

/**
 * Imports an archive into a folder. Equal nodes are kept, and different ones are not touched: the archive's node gets a
 * name beside them. A repeated import continues, because node ids are derived from those of the archive.
 * @returns destination id of each node of the archive
 */
export async function importTree(work: ImportWork, target: Target): Promise<ReadonlyMap<string, string>> {
  const tree = new TreeImport(work, target);
  try {
    await tree.fillFrom({ node: work.archive.root, target });
    await tree.finish();
  } finally {
    await tree.settle();
  }
  return tree.placed;
}

class TreeImport {
  readonly placed = new Map<string, string>();
  readonly #work: ImportWork;
  readonly #source: string;
  readonly #files: FilesImport;
  readonly #asking = new TaskGroup(listsAtOnce);
  #steps: Step[] = [];
  #next: Filling[] = [];

  constructor(work: ImportWork, target: Target) {
    this.#work = work;
    const { server_id: serverId, account_id: accountId } = work.archive.head;
    this.#source = `${serverId}/${accountId}/${target.id}`;
    this.#files = new FilesImport(work, target.id);
  }

  /** One request creates all nodes of a level, and their children follow. */
  async fillFrom(root: Filling): Promise<void> {
    for (let level = [root]; level.length > 0; level = this.#next) {
      this.#next = [];
      for (const some of slices(level, listsAtOnce)) {
        const listed = await Promise.all(
          some.map(async (folder) => ({ folder, there: await this.#childrenOf(folder.target) })),
        );
        for (const { folder, there } of listed) await this.#fillOne(folder, there);
      }
      await this.#make();
    }
  }

  async #fillOne({ node: { id }, target }: Filling, there: Map<string, NodeJson>): Promise<void> {
    this.placed.set(id, target.id);
    for (const node of this.#work.archive.children.get(id) ?? []) {
      await this.#take(node, target, there);
      await this.#files.send();
    }
  }

  async #make(): Promise<void> {
    for (const steps of slices(this.#steps, operationsMax))
      for (const { failed } of await commitSteps(this.#work, steps))
        failed(new HoldfastError("failed", "the server did not create it."));
    this.#steps = [];
  }

  async finish(): Promise<void> {
    await this.#asking.finish();
    await this.#files.finish();
  }

  async settle(): Promise<void> {
    await Promise.all([this.#asking.settle(), this.#files.settle()]);
  }

  async #childrenOf({ id, isNew }: Target): Promise<Map<string, NodeJson>> {
    const there = new Map<string, NodeJson>();
    if (isNew) return there;
    const { client } = this.#work;
    const list = (cursor: string | undefined) =>
      client.call("listFolder", { params: { id }, query: { limit: pageItemsMax, cursor } });
    for await (const page of allPages(list)) for (const node of page) there.set(nameKey(node.name), node);
    return there;
  }

  async #take(node: ArchiveNode, target: Target, there: Map<string, NodeJson>): Promise<void> {
    const { imported, archive } = this.#work;
    const path = pathIn(target, node.name);
    const progress = new FileProgress(imported.counts, archive, node.id);
    try {
      if (nameProblem(node.name) !== undefined)
        throw new HoldfastError("failed", "its name is not allowed on a server.");
      if (node.kind === "folder") this.#takeFolder(node, target, there);
      else if (node.kind === "symlink") this.#takeLink(node, target, there);
      else if (node.kind === "file") await this.#takeFile(node, { target, there, progress });
      else imported.mounts += 1;
    } catch (thrown) {
      this.#refused(path, thrown);
      if (node.kind === "file") progress.end();
    }
  }

  #refused(path: string, thrown: unknown): void {
    const error = toHoldfastError(thrown);
    if (fatal.has(error.code)) throw thrown;
    this.#work.imported.problem(path, error.message);
  }

  #takeFolder(node: ArchiveNode, target: Target, there: Map<string, NodeJson>): void {
    const { imported, ids, isDry } = this.#work;
    const place = this.#placeOf(node, target, there, (known) => known.kind === "folder");
    const { id, name, path } = place;
    const fill = (made: Pick<Target, "id" | "isNew">) => void this.#next.push({ node, target: { ...made, path } });
    if (place.known !== undefined) return fill({ id: place.known.id, isNew: false });
    imported.folders += 1;
    if (isDry) return fill({ id, isNew: true });
    const made = { id, parent_id: target.id, name, modified_at: node.modified_at };
    this.#steps.push({
      operation: { op: "mkdir", operation_id: ids.operation(), ...made, private: node.private },
      done: ({ id: madeId }) => fill({ id: madeId, isNew: true }),
      failed: (failure) => this.#refused(path, failure),
    });
  }

  #takeLink(node: ArchiveNode, target: Target, there: Map<string, NodeJson>): void {
    const { imported, ids, isDry } = this.#work;
    const isEqual = (known: NodeJson) => known.kind === "symlink" && known.target === node.target;
    const { id, name, path, known } = this.#placeOf(node, target, there, isEqual);
    if (known !== undefined) {
      this.placed.set(node.id, known.id);
      imported.equal += 1;
      return;
    }
    imported.links += 1;
    if (isDry) return;
    const made = { id, parent_id: target.id, name, target: node.target ?? "", modified_at: node.modified_at };
    this.#steps.push({
      operation: { op: "symlink", operation_id: ids.operation(), ...made },
      done: ({ id: madeId }) => void this.placed.set(node.id, madeId),
      failed: (failure) => this.#refused(path, failure),
    });
  }

  async #takeFile(
    node: ArchiveNode,
    { target, there, progress }: { target: Target; there: Map<string, NodeJson>; progress: FileProgress },
  ): Promise<void> {
    const isEqual = (known: NodeJson) => known.kind === "file" && known.content_id === node.content_id;
    const place = this.#placeOf(node, target, there, isEqual);
    if (place.known !== undefined && !place.isOwn) {
      this.placed.set(node.id, place.known.id);
      this.#work.imported.equal += 1;
      progress.end();
      return;
    }
    await this.#asking.start(async () => {
      try {
        await this.#putVersions(node, { target, place, progress });
      } catch (thrown) {
        this.#refused(place.path, thrown);
        progress.end();
      }
    });
  }

  async #putVersions(
    node: ArchiveNode,
    { target, place, progress }: { target: Target; place: Place; progress: FileProgress },
  ): Promise<void> {
    const { imported, isDry, archive } = this.#work;
    const { known, path, id, name } = place;
    const steps = await stepsFor(this.#work, archive.versions.get(node.id) ?? [], known);
    if (steps === "diverged") {
      imported.conflict(path, "was changed after a partial import, so it was skipped.");
      progress.end();
      return;
    }
    const { todo, missing } = steps;
    if (missing.length > 0)
      imported.problem(
        path,
        `${formatNumber(missing.length)} of its versions are incomplete in the archive and were skipped.`,
      );
    if (known !== undefined && todo.length === 0) imported.equal += 1;
    else imported.files += 1;
    imported.versions += todo.length;
    const ended = async (file: NodeJson): Promise<void> => {
      this.placed.set(node.id, file.id);
      await steps.label(file.id);
    };
    if (!isDry && todo.length > 0) {
      progress.isLeft(todo.reduce((sum, { size }) => sum + size, 0));
      const made = { id, parent_id: target.id, name };
      this.#files.add({ node, path, place: made, todo: [...todo], progress, file: known, ended });
      return;
    }
    if (!isDry && known !== undefined) await ended(known);
    progress.end();
  }

  /**
   * The node's own name is used if it is free, or belongs to the imported or an equivalent node. Otherwise the next
   * free one.
   */
  #placeOf(
    node: ArchiveNode,
    target: Target,
    there: Map<string, NodeJson>,
    isAsGood: (known: NodeJson) => boolean,
  ): Place {
    for (let beside = 0; beside <= besideMax; beside += 1) {
      const name = besideName(node, beside);
      const id = importedId(this.#source, node.id, target.id, beside);
      const known = there.get(nameKey(name));
      const path = pathIn(target, name);
      const isOwn = known?.id === id && known.kind === node.kind;
      if (known === undefined || isOwn || isAsGood(known)) {
        // Later nodes of the archive must not take the name.
        if (known === undefined) there.set(nameKey(name), reserved(id, name));
        const { imported, isDry } = this.#work;
        if (beside > 0)
          imported.conflict(
            path,
            `${isDry ? "would be" : "was"} imported beside ${node.name}, which already exists and differs.`,
          );
        return { name, id, path, known, isOwn };
      }
    }
    throw new HoldfastError("exists", "its name and all numbered names after it are taken.");
  }
}

interface Place {
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly known: NodeJson | undefined;
  readonly isOwn: boolean;
}

/** Keeps other nodes from taking the name. */
function reserved(id: string, name: string): NodeJson {
  return { id, name, kind: "mount", content_id: null, target: "" } as unknown as NodeJson;
}

function pathIn({ path }: Target, name: string): string {
  return joinPath([...path.split("/").filter((part) => part !== ""), name]);
}
