import { type CommentId, isId } from "@holdfast/core/ids";
import type { Caller } from "../../features/accounts/context/caller.ts";
import {
  type CommentConditions,
  type CommentWorld,
  createComment,
  deleteComment,
  resolveComment,
  updateComment,
} from "../../features/comments/comments.ts";
import { commentJson, listComments } from "../../features/comments/list-comments.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { answerOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import { assertScope } from "../exchange/authentication.ts";
import type { Conditions } from "../exchange/conditions.ts";
import type { Handlers } from "../exchange/handler.ts";

export function commentHandlers(world: CommentWorld & { readonly reads: ReadShards }) {
  const { shards, reads } = world;
  return {
    listComments: async ({ caller, params, query }) => ({
      status: 200,
      json: await listComments(reads, caller, params.id, query),
    }),
    createComment: async ({ caller, params, body, conditions }) => {
      const row = await once(caller, params.id, conditions(), (said) =>
        createComment(world, caller, params.id, body, said),
      );
      return { status: 201, json: await commentJson(shards, row) };
    },
    updateComment: async ({ caller, params, body, conditions }) => {
      const row = await once(caller, params.id, conditions(), (said) =>
        updateComment(world, caller, params.id, body, said),
      );
      return { status: 200, json: await commentJson(shards, row) };
    },
    deleteComment: async ({ caller, params, conditions }) => {
      await once(caller, params.id, conditions(), (said) => deleteComment(world, caller, params.id, said));
      return { status: 204 };
    },
    resolveComment: async ({ caller, params, body, conditions }) => {
      // The response contains the comment, which may be another user's.
      assertScope(caller, "files:read");
      const row = await once(caller, params.id, conditions(), (said) =>
        resolveComment(world, caller, params.id, body?.resolved ?? true, said),
      );
      return { status: 200, json: await commentJson(shards, row) };
    },
  } satisfies Handlers;

  /** @param id of a node or a comment, or `root`; each is on the shard of its space */
  function once<Answer>(
    caller: Caller,
    id: string,
    { ifMatch, ...key }: Conditions,
    work: (said: CommentConditions) => Promise<Answer>,
  ): Promise<Answer> {
    const said = { once: repeatableBy(caller, key, world.clock.nowMicros()), ifMatch };
    const { db } = isId(id) ? shards.ofId(id as CommentId) : shards.of(caller.bucket);
    return answerOnce(db, said.once, () => work(said));
  }
}
