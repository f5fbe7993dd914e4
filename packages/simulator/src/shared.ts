import assert from "node:assert/strict";
import { sha256 } from "@holdfast/core/hash";
import { contentIdOf } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { homeOf, type ModelRole } from "./model-shares.ts";
import { isLiveNode, lineage } from "./model-tree.ts";
import type { Inode } from "./simulated-root.ts";

type Draft = BatchOperationInput extends infer Each
  ? Each extends BatchOperationInput
    ? Omit<Each, "operation_id">
    : never
  : never;

export const full: Server["commit"] = async (_epoch, operations) => ({
  results: operations.map(({ operation_id }) => ({ operation_id, status: "error", code: "quota" })),
  seq: 0,
});

/** A guest's device, and an owner without one who shares `docs` with `a.txt`. */
export class Shared extends Alone {
  mountId = "";
  #count = 0;

  constructor(
    role: ModelRole = "viewer",
    { parentId = homeOf("bob"), isMounted = true }: { readonly parentId?: string; readonly isMounted?: boolean } = {},
  ) {
    super({ accounts: ["bob", "ada"] });
    this.owner({ op: "mkdir", id: "docs", parent_id: homeOf("ada"), name: "docs" });
    this.ownerPuts("a.txt", "first");
    this.world.model.grant("ada 1", "docs", "bob", role);
    const making = {
      op: "mkdir" as const,
      operation_id: "mount",
      id: parentId,
      parent_id: homeOf("bob"),
      name: "mine",
    };
    if (parentId !== homeOf("bob")) this.onServer(making, "bob");
    if (isMounted) this.mount(parentId);
  }

  mount(parentId = homeOf("bob")): void {
    const { model } = this.world;
    const place = { parentId, name: "docs" };
    this.mountId = model.mount({ device: "bob's other", account: "bob" }, "docs", place);
  }

  /** undefined: removes the grant */
  grant(role: ModelRole | undefined, target = "docs"): void {
    this.world.model.grant("ada 1", target, "bob", role);
  }

  ownerMakes(id: string, parent = "docs"): void {
    this.owner({ op: "mkdir", id, parent_id: parent, name: id });
  }

  owner(draft: Draft): void {
    this.#count += 1;
    this.onServer({ ...draft, operation_id: String(this.#count).padStart(32, "0") }, "ada");
  }

  /** Adds a file to `docs`, or a new version. */
  ownerPuts(name: string, text: string, parent = "docs"): void {
    const bytes = Buffer.from(text);
    const entries = [{ hash: sha256(bytes), size: bytes.length }];
    const { model } = this.world;
    const stored = entries.map(({ hash }) => ({ hash, bytes }));
    model.putBlocks(stored, "ada", "docs");
    const there = [...model.nodes.values()].find((each) => each.parentId === parent && each.name === name);
    const place = there === undefined ? { id: `node ${name}`, parent_id: parent, name } : { file_id: there.id };
    this.owner({ op: "put", ...place, size: bytes.length, content_id: contentIdOf(entries), blocks: entries });
  }

  takeOver(sql: string): void {
    const { database } = this.world.devices[0] ?? assert.fail();
    if (database.isTransaction) database.exec("commit");
    const ownRow = database.prepare("select row from settings where key = ?");
    // They distinguish the folder from a copy.
    const marks = ["marker", "marker file", "generation"].map((key) => [key, ownRow.get(key)?.["row"] ?? ""] as const);
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
    for (const { name } of tables) database.exec(`drop table ${String(name)}`);
    database.exec(sql);
    const insert = database.prepare("insert or replace into settings (key, row) values (?, ?)");
    for (const [key, row] of marks) insert.run(key, row);
  }

  space(account: string): Record<string, string> {
    const { model } = this.world;
    const home = homeOf(account);
    const found: Record<string, string> = {};
    for (const node of model.nodes.values()) {
      const way = lineage(model.nodes, node.id).toReversed();
      if (way[0]?.id !== home || way.length === 1 || node.kind === "mount" || !isLiveNode(model.nodes, node.id))
        continue;
      const path = way.slice(1).map(({ name }) => name);
      const blocks = model.versions.get(node.versionId ?? "") ?? [];
      const text = Buffer.concat(blocks.map(({ hash }) => model.blocks.get(hash) ?? Buffer.alloc(0))).toString();
      found[path.join("/")] = node.kind === "folder" ? "/" : text;
    }
    return found;
  }

  /** Returns items on the disk: path and text, `/` for a folder. */
  onDisk(): Record<string, string> {
    return textsOf(this.root.visible());
  }

  aside(where: "trash" | "quarantine"): Record<string, string> {
    const folder = `.holdfast/${where}`;
    const all = this.root.at(folder) === undefined ? [] : [...this.root.below(folder)];
    return textsOf(
      all.flatMap(([path, inode]) => (inode.kind === "folder" ? [] : [[path.split("/").slice(3).join("/"), inode]])),
    );
  }

  async problems(): Promise<string[]> {
    const { problems } = await this.once();
    return problems.map(({ path, code }) => `${code} ${path.replace(/\d{4}-\d\d-\d\d/, "DAY")}`);
  }
}

/** Returns `docs` with `a.txt` and, with another right of bob, `inner` with `deep.txt`. */
export async function withInner(role: ModelRole, inner: ModelRole): Promise<Shared> {
  const world = new Shared(role);
  world.ownerMakes("inner");
  world.ownerPuts("deep.txt", "deep", "inner");
  world.grant(inner, "inner");
  await world.once();
  return world;
}

function textsOf(files: Iterable<readonly [string, Inode]>): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([path, { kind, now }]) => [path, kind === "folder" ? "/" : Buffer.from(now.bytes).toString()]),
  );
}
