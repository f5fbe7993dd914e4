import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { findLiveLink, linkCaller, startLinkSession } from "../../features/accounts/callers/link-callers.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";
import { refuseConditions, revisionTag } from "../files/operation-fields.ts";
import { copyFromLink, type LinkCopyWorld } from "./copy-from-link.ts";

export function linkHandlers(world: LinkCopyWorld) {
  return {
    startLinkSession: async ({ body, peer, note }) => ({
      status: 200,
      json: await startLinkSession(world, body, addressGroup(peer.address), (link) =>
        note({ caller: linkCaller(link) }),
      ),
    }),
    getCurrentLink: async ({ caller }) => ({ status: 200, json: await describeLink(world, caller) }),
    copyFromLink: async ({ caller, body, conditions, peer, note }) => {
      const given = conditions();
      refuseConditions(given);
      const node = await copyFromLink(world, {
        caller,
        body,
        conditions: given,
        source: addressGroup(peer.address),
        onFound: ({ rootId, credential }) => note({ nodeIds: [rootId], detail: { permission_id: credential.id } }),
      });
      return { status: 201, json: node, headers: revisionTag(node) };
    },
  } satisfies Handlers;
}

/** @throws HoldfastError forbidden for an account, not_found while the node is in the trash */
async function describeLink(world: AccountWorld, caller: Caller) {
  const { credential } = caller;
  if (credential.kind !== "link") {
    throw new HoldfastError("forbidden", "This request needs a link. Send the link's token as Authorization: Bearer.");
  }
  // Links that only allow uploads may also see the folder's name.
  const node = await findNode(world.shards, caller, "root", "create");
  const link = await findLiveLink(world, credential.id);
  if (link === undefined) throw new HoldfastError("unauthenticated", "The link ended in the meantime.");
  return {
    node: nodeJson(node),
    role: link.role,
    owner_name: link.owner_name,
    has_password: link.password_hash !== null,
    expires_at: link.expires_at === null ? null : formatTime(link.expires_at),
    downloads_left: link.max_downloads === null ? null : Math.max(0, link.max_downloads - link.downloads),
  };
}
