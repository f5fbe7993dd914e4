import { limits } from "@holdfast/core/limits";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { isByToken } from "../../features/accounts/callers/signed-in-only.ts";
import { createGroup, deleteGroup, updateGroup } from "../../features/groups/change-groups.ts";
import { removeMember, setMember } from "../../features/groups/change-members.ts";
import type { GroupWorld } from "../../features/groups/group-messages.ts";
import type { GroupCaller } from "../../features/groups/group-rights.ts";
import { listGroups } from "../../features/groups/list-groups.ts";
import { listMembers } from "../../features/groups/list-members.ts";
import type { Handlers } from "../exchange/handler.ts";

export function groupHandlers(store: GroupWorld) {
  return {
    createGroup: async ({ caller, body, conditions }) => ({
      status: 201,
      json: await createGroup(store, groupCaller(caller), body.name, conditions()),
    }),
    listGroups: async ({ caller, query }) => ({
      status: 200,
      json: await listGroups(store, groupCaller(caller), pageOf(query)),
    }),
    updateGroup: async ({ caller, params, body, conditions }) => ({
      status: 200,
      json: await updateGroup(store, groupCaller(caller), params.id, body, conditions()),
    }),
    deleteGroup: async ({ caller, params, conditions }) => {
      await deleteGroup(store, groupCaller(caller), params.id, conditions());
      return { status: 204 };
    },
    listGroupMembers: async ({ caller, params, query }) => ({
      status: 200,
      json: await listMembers(store, groupCaller(caller), params.id, pageOf(query)),
    }),
    setGroupMember: async ({ caller, params, body, conditions, peer }) => {
      const { address } = peer as Partial<typeof peer>;
      const request = { groupId: params.id, userId: params.user_id, role: body.role, address };
      return { status: 200, json: await setMember(store, groupCaller(caller), request, conditions()) };
    },
    removeGroupMember: async ({ caller, params, conditions }) => {
      const request = { groupId: params.id, userId: params.user_id };
      await removeMember(store, groupCaller(caller), request, conditions());
      return { status: 204 };
    },
  } satisfies Handlers;
}

function groupCaller(caller: Caller): GroupCaller {
  const { userId, spaceId, bucket, admin, scopes, lacksProof = false } = caller;
  const administrates = admin && scopes.has("admin");
  return { userId, spaceId, bucket, administrates, byToken: isByToken(caller), lacksProof };
}

function pageOf({ limit, cursor }: { limit?: number | undefined; cursor?: string | undefined }) {
  return { limit: limit ?? limits.listItemsDefault, cursor };
}
