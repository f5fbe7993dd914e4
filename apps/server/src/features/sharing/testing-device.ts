import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Shards } from "../../base/db/shards.ts";
import { listChanges } from "../../tree/journal/changes.ts";
import { readSnapshot } from "../../tree/journal/snapshot.ts";
import type { Actor } from "../../tree/actor.ts";
import { listFolder } from "../../tree/read/list-folder.ts";
import { findNodes, followMount } from "../../tree/read/look-up.ts";

export class TestDevice {
  readonly #shards: Shards;
  readonly #nodes = new Map<string, NodeJson>();
  #token = "";

  constructor(shards: Shards) {
    this.#shards = shards;
  }

  async start(caller: Actor, limit: number): Promise<void> {
    this.#nodes.clear();
    let cursor: string | null = null;
    do {
      const page = await readSnapshot(this.#shards, caller, { limit, ...(cursor === null ? {} : { cursor }) });
      if (cursor === null) this.#token = page.token;
      for (const node of page.items) this.#nodes.set(node.id, node);
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  async follow(caller: Actor, limit: number): Promise<string[]> {
    const heard: string[] = [];
    for (;;) {
      const page = await listChanges(this.#shards, caller, { since_token: this.#token, limit });
      for (const { kind, id, node } of page.changes) {
        heard.push(`${kind} ${id}`);
        if (kind === "gone" || kind === "appeared") this.#drop(id);
        if (node !== undefined) this.#nodes.set(id, node);
        if (kind === "appeared" && node !== undefined && node.kind !== "file") await this.#list(caller, id);
      }
      this.#token = page.next_token;
      if (!page.has_more) return heard;
    }
  }

  tree(): Map<string, string> {
    const mounts = new Map([...this.#nodes.values()].flatMap(({ id, target }) => (target ? [[target, id]] : [])));
    const folderOf = ({ parent_id: parent }: NodeJson) =>
      parent === null ? undefined : this.#nodes.get(mounts.get(parent) ?? parent);
    const roleOf = (node: NodeJson): string => {
      const above = folderOf(node);
      const isOwn = node.granted === true || node.kind === "mount" || above === undefined;
      return isOwn ? node.role : roleOf(above);
    };
    const hangs = (node: NodeJson): boolean => {
      if (node.parent_id === null) return true;
      const above = folderOf(node);
      return above !== undefined && hangs(above);
    };
    const known = [...this.#nodes.values()].filter(hangs).toSorted((left, right) => (left.id < right.id ? -1 : 1));
    return new Map(
      known.map((node) => [node.id, `${node.kind} ${folderOf(node)?.id ?? "-"} ${node.name} ${roleOf(node)}`]),
    );
  }

  async #list(caller: Actor, id: string): Promise<void> {
    // Removed meanwhile, or a mount that waits: the changes report it.
    const found = (await findNodes(this.#shards, caller, [id as NodeId])).get(id as NodeId);
    if (found === undefined || found.row.kind === "file" || found.waits === true) return;
    const folder = await followMount(this.#shards, caller, found);
    let cursor: string | null = null;
    do {
      const asked = { recursive: true, limit: 3, ...(cursor === null ? {} : { cursor }) };
      const page = await listFolder(this.#shards, caller, folder, asked);
      for (const node of page.items) this.#nodes.set(node.id, node);
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  #drop(id: string): void {
    const target = this.#nodes.get(id)?.target;
    this.#nodes.delete(id);
    for (const node of this.#nodes.values()) {
      if (node.parent_id === id || (target != null && node.parent_id === target)) this.#drop(node.id);
    }
  }
}
