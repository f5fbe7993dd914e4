import {
  type CommentWorld,
  createComment,
  deleteComment,
  resolveComment,
  updateComment,
} from "../../comments/comments.ts";
import { commentJson, listComments } from "../../comments/list-comments.ts";
import type { Handlers } from "../handler.ts";

/** What people say about files. */
export function commentHandlers(world: CommentWorld) {
  const { shards } = world;
  return {
    listComments: async ({ caller, params, query }) => ({
      status: 200,
      json: await listComments(shards, caller, params.id, query),
    }),
    createComment: async ({ caller, params, body }) => ({
      status: 201,
      json: await commentJson(shards, await createComment(world, caller, params.id, body)),
    }),
    updateComment: async ({ caller, params, body }) => ({
      status: 200,
      json: await commentJson(shards, await updateComment(world, caller, params.id, body)),
    }),
    deleteComment: async ({ caller, params }) => {
      await deleteComment(world, caller, params.id);
      return { status: 204 };
    },
    resolveComment: async ({ caller, params, body }) => ({
      status: 200,
      json: await commentJson(shards, await resolveComment(world, caller, params.id, body?.resolved ?? true)),
    }),
  } satisfies Handlers;
}
