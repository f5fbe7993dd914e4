import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { notForAppPasswords } from "../../features/accounts/sign-in/app-passwords.ts";
import type { RouteQuery, routes } from "@holdfast/protocol/routes";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { ReadShards, Shards } from "../../base/db/shards.ts";
import { listChanges } from "../../tree/journal/changes.ts";
import { startToken } from "../../tree/journal/start-token.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import { answerOnce, doOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import { emptyTrash } from "../../tree/trash/empty-trash.ts";
import { type FolderPage, listFolder, listRows } from "../../tree/read/list-folder.ts";
import type { JournalHead } from "../../tree/read/newest-entry.ts";
import { findNode, findNodeByPath, findNodes, followMount, readNodeId } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { starredAmong } from "../../tree/read/starred-among.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { listTrash } from "../../tree/trash/trash-list.ts";
import type { TagOf } from "../../features/thumbs/thumb-tag.ts";
import { sealedCursors } from "../exchange/sealed-cursor.ts";
import type { Handlers, RequestContext } from "../exchange/handler.ts";
import { commitNode, commitOperation } from "./commit-one.ts";
import {
  attributesOf,
  baseOf,
  placeOf,
  refuseConditions,
  revisionTag,
  seenOf,
  versionOf,
  viewTag,
} from "./operation-fields.ts";

interface NodeWorld {
  readonly shards: Shards;
  readonly reads: ReadShards;
  readonly committer: Committer;
  readonly clock: Clock;
  /** Encrypts cursors, which may name hidden items. */
  readonly cursorKey: Buffer;
  /** Returns the tag of a list, which gives access to its thumbnails. */
  readonly tagOf: TagOf;
}

export function nodeHandlers({ shards, reads, committer, clock, cursorKey, tagOf }: NodeWorld) {
  const commitOne = (caller: Caller, operation: Operation) => commitNode(committer, caller, operation);
  return {
    lookUpPath: async ({ caller, query, owe }) => {
      const found = await findNodeByPath(reads, caller, query.path);
      const json = nodeJson(found);
      const folder = await followMount(reads, caller, found);
      // The result has the requested path, so changes above it do not matter.
      if (folder.row.kind !== "folder") return { status: 200, json, headers: viewTag(caller, json, json.seq) };
      const page = await listFolder(reads, caller, folder, query);
      await payCount(owe, page);
      return { status: 200, json: { ...json, ...page, t: tagOf(caller, placeOfList(folder)) } };
    },
    getNode: async ({ caller, params }) => {
      const node = await findNode(reads, caller, params.id);
      const isStarred = await starredAmong(reads, caller, [node]);
      const json = nodeJson(node, isStarred(node));
      return { status: 200, json, headers: viewTag(caller, json, node.placedSeq) };
    },
    listFolder: async ({ caller, params, query, owe }) => {
      const folder = await followMount(reads, caller, await findNode(reads, caller, params.id));
      const page =
        query.fields === "row"
          ? ((await listRows(reads, caller, folder, query)) as FolderPage)
          : await listFolder(reads, caller, folder, { ...query, includeBlocks: query.include === "blocks" });
      await payCount(owe, page);
      return { status: 200, json: { ...page, t: tagOf(caller, placeOfList(folder)) } };
    },
    createNode: async ({ caller, body, conditions }) => {
      const base = baseOf(conditions(), body);
      const place = { ...placeOf(body), ...(body.parents === undefined ? {} : { parents: body.parents }) };
      const id = body.id === undefined ? {} : { id: body.id as NonNullable<Extract<Operation, { op: "mkdir" }>["id"]> };
      if (body.kind === "symlink" && body.target === undefined) {
        throw new HoldfastError("invalid_field", "A symbolic link needs a target.", { field: "target" });
      }
      const { node } = await commitOne(
        caller,
        body.kind === "symlink"
          ? { ...base, ...attributesOf(body), ...id, op: "symlink", place, target: body.target ?? "" }
          : { ...base, ...attributesOf(body), ...id, op: "mkdir", place },
      );
      return { status: 201, json: node, headers: revisionTag(node) };
    },
    updateNode: async ({ caller, params, body, conditions }) => {
      const base = baseOf(conditions(), body);
      const seen = seenOf(body);
      if (body.editors_can_share !== undefined && caller.isApp === true) throw notForAppPasswords();
      const sharing = body.editors_can_share === undefined ? {} : { editorsCanShare: body.editors_can_share };
      const attributes = { ...attributesOf(body), ...sharing };
      const moves = body.name !== undefined || body.parent_id !== undefined;
      const { node } = await commitOne(
        caller,
        moves
          ? { ...base, ...seen, op: "move", fileId: params.id, place: placeOf(body), attributes }
          : { ...base, ...seen, ...attributes, op: "set", fileId: params.id },
      );
      return { status: 200, json: node, headers: revisionTag(node) };
    },
    deleteNode: async ({ caller, params, query, conditions }) => {
      const known = {
        ...baseOf(conditions(), {}),
        ...(query.seen === undefined ? {} : { seen: query.seen }),
        ...seenOf(query),
      };
      if (query.permanent === true) {
        const purge = { ...known, op: "purge", alone: true, fileId: params.id, trashedOnly: false } as const;
        await commitOperation(committer, caller, purge, { epoch: query.epoch });
        return { status: 204 };
      }
      const trash = { ...known, op: "delete", alone: true, fileId: params.id } as const;
      const { node } = await commitNode(committer, caller, trash, { epoch: query.epoch });
      return { status: 200, json: node };
    },
    copyNode: async ({ caller, params, body, conditions }) => {
      const place = placeOf(body);
      const base = { ...baseOf(conditions(), body), ...seenOf(body) };
      const { node } = await commitOne(caller, { ...base, op: "copy", fileId: params.id, place });
      return { status: 201, json: node, headers: revisionTag(node) };
    },
    restoreVersion: async ({ caller, params, query, conditions }) => {
      const version = versionOf(query.version) as number;
      const { node } = await commitOne(caller, {
        ...baseOf(conditions(), {}),
        ...seenOf(query),
        op: "revert",
        fileId: params.id,
        version,
      });
      return { status: 200, json: node, headers: revisionTag(node) };
    },
    listTrash: async ({ caller, query }) => {
      const t = tagOf(caller);
      if (query.in === undefined) return { status: 200, json: { ...(await listTrash(reads, caller, query)), t } };
      const cursors = sealedCursors(cursorKey, `trash ${caller.userId} ${query.in}`);
      const page = await listTrash(reads, caller, { ...query, cursor: cursors.open(query.cursor) });
      return { status: 200, json: { ...cursors.seal(page), t } };
    },
    restoreFromTrash: async ({ caller, params, body, conditions }) => {
      const place = body === undefined ? undefined : placeOf(body);
      const { node } = await commitOne(caller, {
        ...baseOf(conditions(), body ?? {}),
        ...seenOf(body ?? {}),
        op: "restore",
        fileId: params.id,
        ...(place === undefined || Object.keys(place).length === 0 ? {} : { place }),
      });
      return { status: 200, json: node, headers: revisionTag(node) };
    },
    emptyTrash: async ({ caller, query, conditions }) => {
      const { operationId, requestHash, ...others } = conditions();
      refuseConditions(others);
      const { db } = shards.of(caller.bucket);
      const once = repeatableBy(caller, { operationId, requestHash }, clock.nowMicros());
      const seen = trashSeen(query);
      const purged = await answerOnce(db, once, async () => {
        const count = await emptyTrash(db, committer, caller, seen);
        // The trash is emptied in many transactions. An interrupted request continues when repeated. After success it
        // deletes nothing, so items that were trashed later stay.
        return doOnce(db, once, () => Promise.resolve(count));
      });
      return { status: 200, json: { purged } };
    },
    purgeFromTrash: async ({ caller, params, query, conditions }) => {
      await commitOperation(committer, caller, {
        ...baseOf(conditions(), {}),
        ...seenOf(query),
        op: "purge",
        fileId: params.id,
        trashedOnly: true,
      });
      return { status: 204 };
    },
    getStartToken: async ({ caller }) => ({ status: 200, json: { token: await startToken(shards, caller) } }),
    listChanges: async ({ caller, query }) => ({ status: 200, json: await listChanges(reads, caller, query) }),
    queryNodes: async ({ caller, body }) => {
      const ids = body.ids.map((id) => readNodeId(caller, id));
      const found = await findNodes(reads, caller, [...new Set(ids.filter((id) => id !== undefined))]);
      const items = body.ids.map((id, index) => {
        const nodeId = ids[index];
        const node = nodeId === undefined ? undefined : found.get(nodeId);
        return { id, state: nodeState(node?.row.trashed_at) };
      });
      return { status: 200, json: { items } };
    },
  } satisfies Handlers;
}

/** @throws HoldfastError invalid_field without an epoch, because purged items cannot be restored */
function trashSeen({ seen: seq, epoch }: RouteQuery<typeof routes.emptyTrash>): JournalHead | undefined {
  if (seq === undefined) return undefined;
  if (epoch !== undefined) return { seq, epoch };
  const message = "Send the epoch of the list of the trash with its seq.";
  throw new HoldfastError("invalid_field", message, { field: "epoch" });
}

/** Counting reads all children, even for a short page. */
async function payCount(owe: RequestContext["owe"], { total = 0 }: FolderPage): Promise<void> {
  const calls = Math.floor(total / limits.countedPerCall);
  if (calls > 0) await owe(calls);
}

/** Lists of the caller's own space need no place. */
function placeOfList({ row, rights }: PlacedNode): string[] {
  return rights === undefined ? [] : [row.id];
}

/** @param trashedAt undefined if the node does not exist */
function nodeState(trashedAt: number | null | undefined): "live" | "trashed" | "gone" {
  if (trashedAt === undefined) return "gone";
  return trashedAt === null ? "live" : "trashed";
}
