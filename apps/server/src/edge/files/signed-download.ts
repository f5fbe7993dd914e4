import type { NodeId, ZipListId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { checkName } from "@holdfast/core/names";
import type { AccountStore } from "../../features/accounts/context/account-world.ts";
import { idsText, readIds } from "../../features/accounts/callers/signed-grant.ts";
import { findManyNodes } from "../../features/content/find-many-nodes.ts";
import { distinguishNames } from "../../features/content/distinguish-names.ts";
import { readZipList, storeZipList } from "../../features/content/zip-lists.ts";
import type { ZippedNode } from "../../features/content/zip-nodes.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Actor } from "../../tree/actor.ts";
import { findVersion } from "../../tree/content/manifests.ts";
import { followMount, noSuchNode, readNodeId } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { unnamed } from "./serve-download.ts";

export interface DownloadFacts {
  readonly use: "download" | "media" | "zip" | "list";
  /** For a zip, ids of all nodes, or of their stored list; otherwise the node and, for a file, the version. */
  readonly ids: readonly string[];
  /** Name of a zip, without extension. */
  readonly name?: string;
}

export interface WantedFile {
  readonly id: string;
  /** Number or id. */
  readonly version?: number | string | undefined;
  readonly use: "download" | "media";
}

/**
 * @returns downloads in the order of the request
 * @throws HoldfastError not_found if the caller may not read one of them, whatever other errors the request has
 */
export async function findDownloads(
  shards: Shards,
  caller: Actor,
  wanted: readonly WantedFile[],
): Promise<DownloadFacts[]> {
  const ids = wanted.map(({ id }) => id);
  const facts: DownloadFacts[] = [];
  for (const [index, node] of (await findReadable(shards, caller, ids)).entries()) {
    const { use = "download", version } = wanted[index] ?? {};
    facts.push({ use, ids: [node.row.id, ...(await versionOf(shards, caller, node, version?.toString()))] });
  }
  return facts;
}

/** Fixes the version, so that range requests read parts of the same content. Empty for a folder. */
async function versionOf(shards: Shards, caller: Actor, node: PlacedNode, version?: string): Promise<string[]> {
  const { row } = await followMount(shards, caller, node);
  if (row.kind === "folder") return [];
  if (version === undefined && row.kind === "file" && row.head_version !== null) return [row.head_version];
  return [(await findVersion(shards, row, version)).id];
}

/** @throws HoldfastError not_found if the caller may not read a node, invalid_field for an invalid name */
export async function findZip(
  shards: Shards,
  caller: Actor,
  { ids, name }: { readonly ids: readonly string[]; readonly name?: string | undefined },
): Promise<DownloadFacts> {
  if (name !== undefined) checkName(name, "name");
  const rows = (await findReadable(shards, caller, ids)).map(({ row }) => row);
  const own = rows.length === 1 ? rows[0]?.name : undefined;
  return { use: "zip", ids: [...new Set(rows.map(({ id }) => id))], name: name?.replace(/\.zip$/i, "") ?? own ?? "" };
}

/** An address has no room for many ids, so it names a stored list of them. */
export async function storeLongList(
  store: AccountStore,
  caller: Caller,
  facts: DownloadFacts,
  expiresAtMs: number,
): Promise<DownloadFacts> {
  if (facts.ids.length <= limits.zippedNodesInUrlMax) return facts;
  return { ...facts, use: "list", ids: [await storeZipList(store, caller, facts.ids, expiresAtMs)] };
}

/** @returns facts with the ids of a stored list; undefined if the list has expired */
export async function readLongList(
  store: AccountStore,
  facts: Required<DownloadFacts>,
): Promise<Required<DownloadFacts> | undefined> {
  if (facts.use !== "list") return facts;
  const ids = await readZipList(store, facts.ids[0] as ZipListId);
  return ids.length === 0 ? undefined : { ...facts, use: "zip", ids };
}

/** @throws HoldfastError not_found if a node is not readable, or no longer */
export async function findZipped(shards: Shards, caller: Actor, ids: readonly string[]): Promise<ZippedNode[]> {
  const nodes: ZippedNode[] = [];
  for (const found of await findReadable(shards, caller, ids)) {
    const node = await followMount(shards, caller, found);
    nodes.push({ node, name: found.row.name === "" ? unnamed : found.row.name });
  }
  return distinguishNames(nodes);
}

async function findReadable(shards: Shards, caller: Actor, ids: readonly string[]): Promise<PlacedNode[]> {
  const nodeIds = ids.map((id) => readNodeId(caller, id));
  const asked = new Set(nodeIds.filter((id): id is NodeId => id !== undefined));
  const found = await findManyNodes(shards, caller, [...asked]);
  return nodeIds.map((id) => {
    const node = id === undefined ? undefined : found.get(id);
    if (node === undefined) throw noSuchNode();
    return node;
  });
}

export function writeDownloadFacts({ use, ids, name = "" }: DownloadFacts): string {
  return [use, idsText(ids), Buffer.from(name).toString("base64url")].join(".");
}

/** @param text output of `writeDownloadFacts`, verified by a signature */
export function readDownloadFacts(text: string): Required<DownloadFacts> {
  const [use, ids = "", name = ""] = text.split(".");
  return { use: use as DownloadFacts["use"], ids: readIds(ids), name: Buffer.from(name, "base64url").toString() };
}
