import { HoldfastError } from "@holdfast/core/errors";
import type { RouteBody, routes } from "@holdfast/protocol/routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { proveLink } from "../../features/accounts/callers/link-callers.ts";
import { findCallerAgain } from "../../features/accounts/callers/live-callers.ts";
import { countDownload } from "../../features/links/count-download.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { OperationBase, SourceReader } from "../../tree/commit/operation.ts";
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
  readonly onFound: (link: Caller) => void;
}

/**
 * Copies by the rights of a link into the caller's files. A repeated request returns the first result, even after the
 * link's end.
 * @throws HoldfastError not_found for an unknown link, or an item that it does not show; forbidden for a link with a
 * password, and a used-up one; errors of a copy. Never unauthenticated, which is about the caller's own credential.
 */
export async function copyFromLink(world: LinkCopyWorld, request: LinkCopyRequest): Promise<NodeJson> {
  const { caller, body, conditions } = request;
  const { node } = await commitNode(world.committer, caller, {
    ...baseOf(conditions, body),
    op: "copy",
    fileId: body.file_id ?? "root",
    place: placeOf(body),
    reader: linkReader(world, request),
  });
  return node;
}

/**
 * The copy counts as one download of the link, even for a folder, after all checks that need no content. A later
 * failure does not give it back: by then the caller's space holds blocks, which a caller who knows their hashes can put
 * into a file.
 */
function linkReader(world: LinkCopyWorld, { body, source, onFound }: LinkCopyRequest): SourceReader {
  let link: Caller | undefined;
  let isCounted = false;
  return {
    now: async () => {
      if (link !== undefined) return stillLink(world, link);
      link = await linkOf(world, body.token);
      onFound(link);
      return link;
    },
    begin: async () => {
      if (link === undefined || isCounted) return;
      await countDownload({ shards: world.shards, nowMicros: world.clock.nowMicros() }, link, { source });
      isCounted = true;
    },
  };
}

async function linkOf(world: LinkCopyWorld, token: string): Promise<Caller> {
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
