import { HoldfastError } from "@holdfast/core/errors";
import type { RouteBody, routes } from "@holdfast/protocol/routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { proveLink } from "../../features/accounts/callers/link-callers.ts";
import { findCallerAgain } from "../../features/accounts/callers/live-callers.ts";
import { countDownload, uncountDownload } from "../../features/links/count-download.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import { answerOnce, doOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import type { OperationBase } from "../../tree/commit/operation.ts";
import type { OperationOf } from "../../tree/commit/operation-of.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { commitNode } from "../files/commit-one.ts";
import { baseOf, placeOf } from "../files/operation-fields.ts";

export interface LinkCopyWorld extends AccountWorld {
  readonly committer: Committer;
}

interface LinkCopyRequest {
  readonly caller: Caller;
  readonly body: RouteBody<(typeof routes)["copyFromLink"]>;
  readonly conditions: Pick<OperationBase, "operationId" | "requestHash">;
  /** Network address group of the client. */
  readonly source: string;
  readonly onFound: (node: PlacedNode) => void;
}

/**
 * Copies by the rights of a link into the caller's files. Counts as a download of the link, even for a folder, unless
 * it fails or the caller may read the item anyway.
 * @throws HoldfastError not_found for an unknown link, or an item that it does not show; forbidden for a link with a
 * password, and a used-up one; errors of a copy. Never unauthenticated, which is about the caller's own credential.
 */
export async function copyFromLink(world: LinkCopyWorld, request: LinkCopyRequest): Promise<NodeJson> {
  const { shards, committer, clock } = world;
  const { caller, body, conditions, source, onFound } = request;
  const link = await readerBy(world, body.token);
  const found = await findNode(shards, link, body.file_id ?? "root");
  onFound(found);
  const { id } = found.row;
  const copy: OperationOf<"copy"> = { ...baseOf({}, body), op: "copy", fileId: id, place: placeOf(body) };
  const isOwnRight = (await findNodes(shards, caller, [id])).has(id);
  if (isOwnRight) return (await commitNode(committer, caller, { ...copy, ...conditions })).node;
  const once = repeatableBy(caller, conditions, clock.nowMicros());
  const { db } = shards.of(caller.bucket);
  return answerOnce(db, once, async () => {
    await countDownload({ shards, nowMicros: clock.nowMicros() }, link, { source });
    try {
      const { node } = await commitNode(committer, caller, { ...copy, reader: () => stillLink(world, link) });
      return await doOnce(db, once, () => Promise.resolve(node));
    } catch (error) {
      await uncountDownload(shards, link);
      throw error;
    }
  });
}

async function readerBy(world: LinkCopyWorld, token: string): Promise<Caller> {
  const link = await proveLink(world, token).catch((error: unknown) => {
    if (!(error instanceof HoldfastError) || error.code !== "unauthenticated") throw error;
    throw new HoldfastError(
      "forbidden",
      "This link has a password. Exchange the link and the password for a token with POST /api/v1/links/session.",
      { field: "token" },
    );
  });
  if (link === undefined) throw noSuchLink();
  return link;
}

/** The link may end, or get another password, during the copy of a large folder. */
async function stillLink(world: LinkCopyWorld, link: Caller): Promise<Caller> {
  const now = await findCallerAgain(world, link);
  if (now === undefined) throw noSuchLink();
  return now;
}

function noSuchLink(): HoldfastError {
  return new HoldfastError("not_found", "The link does not exist or has expired.", { field: "token" });
}
