import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import { parseTime } from "@holdfast/core/times";
import type { Shards } from "../../base/db/shards.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { noSuchRewind, type RewindOutcome, type Rewinds } from "../../features/rewind/open-rewinds.ts";
import { assertMay } from "../../tree/rights/roles.ts";
import { assertMatches } from "../../features/sharing/assert-unchanged.ts";
import { assertScope } from "../exchange/authentication.ts";
import { refuseConditions } from "../files/operation-fields.ts";
import type { Handlers } from "../exchange/handler.ts";

export function rewindHandlers({ shards, rewinds }: { shards: Shards; rewinds: Rewinds }) {
  return {
    rewind: async ({ caller, params, body, conditions }) => {
      const { operationId, requestHash, ifMatch, ...others } = conditions();
      refuseConditions(others);
      // Other users can read content that is restored in a shared folder.
      assertScope(caller, "files:read");
      const node = await findNode(shards, caller, params.id);
      assertMay(node, "own");
      const request = {
        userId: caller.userId,
        spaceId: node.row.space_id,
        nodeId: node.row.id,
        momentMicros: parseTime(body.to, "to"),
        assertBase: () => assertMatches(node, ifMatch),
        ...(operationId === undefined || requestHash === undefined ? {} : { operationId, requestHash }),
      };
      if (body.dry_run === true) return { status: 200, json: await rewinds.preview(request) };
      return toAnswer(await rewinds.rewind(request));
    },
    undoRewind: async ({ caller, params, conditions }) => {
      refuseConditions(conditions());
      assertScope(caller, "files:read");
      if (!isId(params.id)) throw noSuchRewind();
      const rewind = await rewinds.find(params.id);
      const node = await findNode(shards, caller, rewind.node_id).catch((error: unknown) => {
        // Hides the existence of a rewind if the caller cannot see the node.
        throw error instanceof HoldfastError && error.code === "not_found" ? noSuchRewind() : error;
      });
      assertMay(node, "own");
      return toAnswer(await rewinds.undo(rewind, caller.userId));
    },
  } satisfies Handlers;
}

function toAnswer(outcome: RewindOutcome) {
  if ("answer" in outcome) return { status: 200, json: outcome.answer } as const;
  return { status: 202, json: { job: outcome.job, rewind_id: outcome.rewindId } } as const;
}
