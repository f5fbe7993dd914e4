import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { formatTime, parseTime } from "@holdfast/core/times";
import { limits } from "@holdfast/core/limits";
import type { RouteBody, routes } from "@holdfast/protocol/routes";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { findUser, findUserByEmail } from "../../features/accounts/context/directory.ts";
import { assertAddress, emailKey } from "../../features/accounts/context/email-address.ts";
import { isByToken } from "../../features/accounts/callers/signed-in-only.ts";
import { accountLine, hashPassword } from "../../features/accounts/passwords/passwords.ts";
import { checkLines } from "../../features/accounts/context/plain-text.ts";
import { digestOf, isSame, makeLinkToken } from "../../features/accounts/context/secret-token.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { MailWorld } from "../../features/mail/mail-world.ts";
import { answerOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { assertMay, roleMay } from "../../tree/rights/roles.ts";
import { grantNode, type NewGrant, newGrantId } from "../../features/sharing/grant-node.ts";
import { assertMayInvite, type InvitationLink, invitePending } from "../../features/sharing/invite-pending.ts";
import { mountFolder } from "../../features/sharing/mounts.ts";
import {
  changePermission,
  findOwnLink,
  listPermissions,
  permissionsJson,
  removePermission,
} from "../../features/sharing/permissions.ts";
import { listSharedByMe, listSharedWithMe } from "../../features/sharing/shared-lists.ts";
import type { SharingWorld } from "../../features/sharing/sharing-world.ts";
import { placesOf, type TagOf } from "../../features/thumbs/thumb-tag.ts";
import { baseOf, revisionTag } from "../files/operation-fields.ts";
import type { Peer } from "../exchange/peer.ts";
import { assertScope } from "../exchange/authentication.ts";
import type { Handlers } from "../exchange/handler.ts";

type ShareBody = RouteBody<typeof routes.shareNode>;

/** @param world `linkKey`: key of the tokens of links */
export function sharingHandlers(world: SharingWorld & { readonly linkKey: Buffer }, mail: MailWorld, tagOf: TagOf) {
  const { shards } = world;
  return {
    shareNode: async ({ caller, params, body, peer, conditions }) => {
      // A token's owner may share with themselves, so a token that cannot read must not grant read access.
      if (body.role !== "uploader") assertScope(caller, "files:read");
      const { ifMatch, ...key } = conditions();
      if (body.link === true) {
        const node = await findShareable(caller, params.id);
        const id = newGrantId(world, node.row);
        const token = makeLinkToken(world.linkKey, id);
        const link = { ...(await linkOf(caller, body)), id, secret_hash: digestOf(token) };
        const { grant } = await grantNode(world, caller, node, link, { ifMatch });
        return { status: 201, json: { ...(await one(grant)), ...addressOf(peer, token) } };
      }
      const once = repeatableBy(caller, key, world.clock.nowMicros());
      let invited: InvitationLink | undefined;
      let isRepeated = true;
      const { grant, created } = await answerOnce(shardOf(caller, params.id).db, once, async () => {
        isRepeated = false;
        const node = await findShareable(caller, params.id);
        const given = await granteeOf(caller, node, body);
        if (given.kind === "pending") await assertMayInvite(mail, caller.userId);
        const granted = await grantNode(world, caller, node, given, { once, ifMatch });
        if (granted.isLowered !== true) invited = await invite(caller, node, granted.grant, body);
        return granted;
      });
      const invitation =
        invited === undefined
          ? {}
          : {
              invitation_url: `${peer.publicUrl}${invited.link}`,
              invitation_expires_at: formatTime(invited.expiresAtMicros),
            };
      return {
        status: created ? 201 : 200,
        json: { ...(await (isRepeated ? again(caller, grant) : one(grant))), ...invitation },
      };
    },
    listPermissions: async ({ caller, params }) => {
      const node = await findNode(shards, caller, params.id);
      return { status: 200, json: { items: await listPermissions(world, caller, node), next_cursor: null } };
    },
    updatePermission: async ({ caller, params, body, conditions }) => {
      const { role, expires_at: expiresAt, password, max_downloads, name } = body;
      assertScope(caller, "files:read");
      const { ifMatch, ...key } = conditions();
      // A password must not be stored in a form that is faster to guess than its own hash, so the request is not
      // repeatable.
      const once = repeatableBy(caller, typeof password === "string" ? {} : key, world.clock.nowMicros());
      const change = {
        ...(role === undefined ? {} : { role: grantedRole(role) }),
        ...(expiresAt === undefined ? {} : { expires_at: timeOf(expiresAt, world) }),
        ...(name === undefined ? {} : { name }),
        ...(password === undefined
          ? {}
          : { password_hash: password === null ? null : await hashPassword(password, accountLine(caller.userId)) }),
        ...(max_downloads === undefined ? {} : { max_downloads }),
      };
      let isRepeated = true;
      const grant = await answerOnce(shardOf(caller, params.id).db, once, () => {
        isRepeated = false;
        return changePermission(world, caller, params.id, change, { once, ifMatch });
      });
      return { status: 200, json: await (isRepeated ? again(caller, grant) : one(grant)) };
    },
    readLinkAddress: async ({ caller, params, peer }) => {
      const link = await findOwnLink(world, caller, params.id);
      if (link.role !== "uploader") assertScope(caller, "files:read");
      const token = makeLinkToken(world.linkKey, link.id);
      if (link.secret_hash === null || !isSame(link.secret_hash, digestOf(token)))
        throw new HoldfastError(
          "conflict",
          "The address of this link is no longer known, because an earlier version of Holdfast or another server created it. Create another link.",
        );
      return { status: 200, json: addressOf(peer, token) };
    },
    deletePermission: async ({ caller, params, conditions }) => {
      const { ifMatch, ...key } = conditions();
      const once = repeatableBy(caller, key, world.clock.nowMicros());
      await answerOnce(shardOf(caller, params.id).db, once, () =>
        removePermission(world, caller, params.id, { once, ifMatch }),
      );
      return { status: 204 };
    },
    listSharedWithMe: async ({ caller, query }) => {
      const page = await listSharedWithMe(shards, caller, query);
      return { status: 200, json: { ...page, t: tagOf(caller, placesOf(page.items.map(({ node }) => node))) } };
    },
    listSharedByMe: async ({ caller, query }) => {
      const page = await listSharedByMe(shards, caller, query);
      return { status: 200, json: { ...page, t: tagOf(caller, placesOf(page.items.map(({ node }) => node))) } };
    },
    createMount: async ({ caller, body, conditions }) => {
      const { node_id: nodeId, parent_id: parentId, name } = body;
      const onConflict = name === undefined ? { onConflict: "rename" as const } : {};
      const node = await mountFolder(world, caller, {
        nodeId,
        place: { ...(name === undefined ? {} : { name }), ...(parentId === undefined ? {} : { parentId }) },
        base: { ...baseOf(conditions(), {}), ...onConflict },
      });
      return { status: 201, json: node, headers: revisionTag(node) };
    },
  } satisfies Handlers;

  async function findShareable(caller: Caller, id: string): Promise<PlacedNode> {
    const node = await findNode(shards, caller, id);
    assertMay(node, "share");
    return node;
  }

  /** Finds the shard of an id or of the caller's root. */
  function shardOf(caller: Caller, id: string) {
    return isId(id) ? shards.ofId(id as NodeId) : shards.of(caller.bucket);
  }

  /** The grantee's current name is only included if the caller may still see the permission. */
  async function again(caller: Caller, grant: GrantRow) {
    const node = (await findNodes(shards, caller, [grant.node_id])).get(grant.node_id);
    return one(grant, { isNamed: node !== undefined && roleMay(node.role, "share") });
  }

  async function one(grant: GrantRow, { isNamed = true }: { readonly isNamed?: boolean } = {}) {
    const [json] = await permissionsJson(shards, [grant], { isNamed });
    if (json === undefined) throw new HoldfastError("internal", "A permission has no text.");
    return json;
  }

  /**
   * Without e-mail, an administrator gets the invitation link. Other callers never get it, because they could claim the
   * address with it.
   */
  async function invite(
    caller: Caller,
    node: PlacedNode,
    grant: GrantRow,
    { message }: ShareBody,
  ): Promise<InvitationLink | undefined> {
    if (grant.kind !== "pending" || grant.email === null) return undefined;
    const given = { by: caller.userId, address: grant.email, grant, nodeName: node.row.name, message };
    const invitation = await invitePending(mail, given);
    world.queue.kick(shards.of(caller.bucket));
    return mail.mailer === undefined && caller.admin && !isByToken(caller) ? invitation : undefined;
  }

  async function linkOf(caller: Caller, body: ShareBody): Promise<NewGrant> {
    refuseOthers(body, ["email", "user_id", "group_id", "message"], "A link is for anyone who has it.");
    return {
      kind: "link",
      grantee_id: null,
      email: null,
      email_key: null,
      role: grantedRole(body.role),
      expires_at: timeOf(body.expires_at ?? null, world),
      name: body.name ?? null,
      password_hash: body.password === undefined ? null : await hashPassword(body.password, accountLine(caller.userId)),
      max_downloads: body.max_downloads ?? null,
    };
  }

  async function granteeOf(caller: Caller, node: PlacedNode, body: ShareBody): Promise<NewGrant> {
    refuseOthers(body, ["name", "password", "max_downloads"], "Only links have this option.");
    if ([body.email, body.user_id, body.group_id].filter((who) => who !== undefined).length !== 1) {
      throw refuse("email", "Specify a recipient: email, user_id or group_id, or link.");
    }
    const common = {
      message: body.message === undefined ? null : checkLines(body.message, "message", limits.shareMessageBytesMax),
      email: null,
      email_key: null,
      role: grantedRole(body.role),
      expires_at: timeOf(body.expires_at ?? null, world),
    };
    if (body.group_id !== undefined) return { ...common, kind: "group", grantee_id: groupOf(caller, body.group_id) };
    const user = await personOf(body);
    if (user === undefined && body.email !== undefined) {
      return {
        ...common,
        kind: "pending",
        grantee_id: null,
        email: body.email.trim(),
        email_key: emailKey(body.email),
      };
    }
    if (user === undefined) throw refuse("user_id", "There is no such account.");
    if (user.id === caller.userId) throw refuse("email", "This is your own account. Share it with someone else.");
    if (user.space_id === node.row.space_id) throw refuse("email", "The owner already has full access.");
    return { ...common, kind: "user", grantee_id: user.id };
  }

  async function personOf({ email, user_id: userId }: ShareBody) {
    if (email !== undefined) {
      assertAddress(email);
      const user = await findUserByEmail(shards, email);
      // Anyone can sign up with another person's address, so the permission waits until the address is confirmed.
      return user?.email_confirmed_at === null ? undefined : user;
    }
    return userId !== undefined && isId(userId) ? findUser(shards, userId as UserId) : undefined;
  }
}

function addressOf({ publicUrl }: Peer, token: string) {
  return { token, url: `${publicUrl}/s/${token}` };
}

/** Users can only share with their own groups. */
function groupOf(caller: Caller, groupId: string): string {
  if (caller.groupIds.some((id) => id === groupId)) return groupId;
  throw refuse("group_id", "There is no such group, or you are not in it.");
}

/** @throws HoldfastError invalid_field for owner, because only a transfer changes the owner */
function grantedRole(role: ShareBody["role"]): GrantRow["role"] {
  if (role !== "owner") return role;
  throw refuse("role", "Ownership is changed by a transfer. Use viewer, commenter, editor or uploader.");
}

function timeOf(text: string | null, { clock }: SharingWorld): number | null {
  if (text === null) return null;
  const micros = parseTime(text, "expires_at");
  if (micros > clock.nowMicros()) return micros;
  throw refuse("expires_at", "This time has passed.");
}

function refuseOthers(body: ShareBody, fields: readonly (keyof ShareBody)[], message: string): void {
  const field = fields.find((each) => body[each] !== undefined);
  if (field !== undefined) throw refuse(field, message);
}

function refuse(field: string, message: string): HoldfastError {
  return new HoldfastError("invalid_field", message, { field });
}
