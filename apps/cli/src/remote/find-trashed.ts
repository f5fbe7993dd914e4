import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { timeFor } from "../output/listing.ts";
import { listBelow } from "./list-below.ts";
import { allPages, pageItemsMax } from "./pages.ts";
import { parseRemotePath, readId } from "./remote-path.ts";

type TrashClient = Pick<ApiClient, "call">;

const candidatesMax = 20;

export async function* trashPages(client: TrashClient): AsyncGenerator<NodeJson[]> {
  yield* allPages((cursor) => client.call("listTrash", { query: { cursor, limit: pageItemsMax } }));
}

interface Wanted {
  readonly given: string;
  readonly path: string;
  readonly byPath: NodeJson[];
  readonly byName: NodeJson[];
  /** Innermost trashed folder that may contain the item. */
  around?: NodeJson;
}

/**
 * Finds each item once. An id takes precedence over a path, and a path over a name. Only text without a slash is a
 * name, because a path must match exactly. An id may be in another account's trash.
 * @throws HoldfastError not_found; conflict, with the candidates, if several items match
 */
export async function findTrashed(
  client: TrashClient,
  given: readonly string[],
  output: { readonly isTerminal: boolean },
): Promise<NodeJson[]> {
  const wanted = given.map((each) => ({
    given: each,
    path: parseRemotePath(each).replace(/(?<=.)\/$/, ""),
    byPath: [],
    byName: [],
  }));
  const identified = await identify(
    client,
    given.flatMap((each) => readId(each) ?? []),
  );
  const byId = (each: Wanted) => identified.get(readId(each.given) ?? "");
  const rest = wanted.filter((each) => byId(each) === undefined);
  if (rest.length > 0) await gather(client, rest);
  const found = new Map<string, NodeJson>();
  for (const each of wanted) {
    const node = byId(each) ?? onlyOf(each, output);
    found.set(node.id, node);
  }
  return [...found.values()];
}

/**
 * Finds the item that was deleted from a path, alone or with an ancestor. undefined if the trash has none
 * @throws HoldfastError conflict, with the candidates, if there are several
 */
export async function findDeletedFrom(
  client: ApiClient,
  path: string,
  output: { readonly isTerminal: boolean },
): Promise<NodeJson | undefined> {
  const candidates = new Map<string, NodeJson>();
  const add = (nodes: readonly NodeJson[]) => {
    for (const node of nodes) if (node.path === path) candidates.set(node.id, node);
  };
  for await (const page of trashPages(client)) {
    add(page);
    for (const { id, kind, path: above } of page) {
      if (kind !== "folder" || !path.startsWith(`${above}/`)) continue;
      for await (const below of listBelow(client, id)) add(below);
    }
  }
  const [only, ...others] = candidates.values();
  if (others.length > 0) throw ambiguous(path, [...candidates.values()], output);
  return only;
}

async function identify(client: TrashClient, ids: string[]): Promise<ReadonlyMap<string, NodeJson>> {
  const found = new Map<string, NodeJson>();
  if (ids.length === 0) return found;
  const { items } = await client.call("queryNodes", { body: { ids } });
  for (const { id, state } of items)
    if (state === "trashed") found.set(id, await client.call("getNode", { params: { id } }));
  return found;
}

async function gather(client: TrashClient, wanted: readonly Wanted[]): Promise<void> {
  for await (const page of trashPages(client)) {
    for (const node of page) {
      for (const each of wanted) {
        if (node.path === each.path) each.byPath.push(node);
        else if (node.name === each.given) each.byName.push(node);
        else if (isInner(node, each)) each.around = node;
      }
    }
  }
}

function isInner({ path, kind }: NodeJson, wanted: Wanted): boolean {
  if (kind !== "folder" || path === null || !wanted.path.startsWith(`${path}/`)) return false;
  return path.length > (wanted.around?.path?.length ?? 0);
}

function onlyOf({ given, path, byPath, byName, around }: Wanted, output: { readonly isTerminal: boolean }): NodeJson {
  const candidates = byPath.length > 0 ? byPath : byName;
  const [only, ...others] = candidates;
  if (only === undefined) {
    const next =
      around === undefined
        ? "'holdfast trash ls' lists the trash."
        : `It may be in the folder ${around.path}, which is in the trash: 'holdfast trash restore ${around.id}' restores all of it.`;
    throw new HoldfastError("not_found", `There is no ${path} in the trash. ${next}`);
  }
  if (others.length === 0) return only;
  throw ambiguous(given, candidates, output);
}

function ambiguous(
  given: string,
  candidates: readonly NodeJson[],
  output: { readonly isTerminal: boolean },
): HoldfastError {
  const shown = candidates
    .slice(0, candidatesMax)
    .map((node) => `${node.id} (${node.path}, deleted ${timeFor(output, node.trashed_at)})`);
  const more = candidates.length - shown.length;
  if (more > 0) shown.push(`and ${more} more in 'holdfast trash ls'`);
  return new HoldfastError(
    "conflict",
    `${candidates.length} items in the trash match ${given}. Nothing was changed. Name one by its ID: ${shown.join("; ")}`,
  );
}
