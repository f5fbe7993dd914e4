import { HoldfastError } from "@holdfast/core/errors";
import { findUserByEmail } from "../../features/accounts/context/directory.ts";
import { assertAddress, emailKey } from "../../features/accounts/context/email-address.ts";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime, parseTime } from "@holdfast/core/times";
import type { AccountStore, AccountWorld } from "../../features/accounts/context/account-world.ts";
import { createAppPassword } from "../../features/accounts/sign-in/app-passwords.ts";
import { confirmAddress } from "../../features/accounts/people/confirm-address.ts";
import { changeSettings, readSettings } from "../../features/accounts/people/account-settings.ts";
import {
  listClearings,
  listSignedOut,
  readClearing,
  reportClearing,
} from "../../features/accounts/sign-in/clearings.ts";
import { deleteDevice, deleteDevices, listDevices } from "../../features/accounts/sign-in/devices.ts";
import { assertNotSuspended } from "../../tree/brake/device-suspended.ts";
import { countInvitationsFor, createInvitation } from "../../features/accounts/invitations/invitations.ts";
import { listInvitations, removeInvitation } from "../../features/accounts/invitations/invitations-list.ts";
import { mailConfirmation, mailConfirmationAgain } from "../../features/mail/mail-confirmation.ts";
import { askPasswordReset } from "../../features/mail/mail-password.ts";
import { leaveAccount } from "../../features/accounts/proof/leave-account.ts";
import { changeOwnPassword } from "../../features/accounts/proof/own-password.ts";
import { assertPasswordHere, hasPassword } from "../../features/accounts/proof/prove-password.ts";
import { passkeySiteOf } from "../../features/accounts/factors/passkey-site.ts";
import {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
} from "../../features/accounts/people/personal-tokens.ts";
import { proveSession } from "../../features/accounts/sign-in/prove-session.ts";
import { listPlans } from "../../features/accounts/people/plans.ts";
import { readInvitation } from "../../features/accounts/invitations/read-invitation.ts";
import { resetPassword } from "../../features/accounts/proof/reset-password.ts";
import { endSession, refreshSession } from "../../features/accounts/sign-in/sessions.ts";
import { createUser, signUp } from "../../features/accounts/invitations/sign-up.ts";
import { isByToken, neededSignedIn } from "../../features/accounts/callers/signed-in-only.ts";
import { describeUser, getUser, listUsers, updateUser } from "../../features/accounts/people/users.ts";
import { wishAddress } from "../../features/accounts/proof/wish-address.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Shard } from "../../base/db/shards.ts";
import type { MailWorld } from "../../features/mail/mail-world.ts";
import { isAwaited } from "../../features/sharing/invite-pending.ts";
import { resumeDevice } from "../../care/suspensions/resume-device.ts";
import type { Handlers } from "../exchange/handler.ts";
import { refuseForeignPage } from "../exchange/own-page.ts";
import { addressGroup, type Peer } from "../exchange/peer.ts";
import { accessRuleHandlers, ownAddressHandlers } from "./access-rule-handlers.ts";
import { passkeyHandlers, signInBy } from "./passkey-handlers.ts";
import { secondFactorHandlers } from "./second-factor-handlers.ts";
import { webSessionHandlers } from "./web-session-handlers.ts";

/** @param onMessage called when a message, such as an e-mail, was queued on the shard */
export function accountHandlers(world: AccountWorld, mail: MailWorld, onMessage: (shard: Shard) => void = () => {}) {
  const ordered = (userId: UserId) => onMessage(world.shards.ofId(userId));
  return {
    createSession: async ({ body, peer, note }) => {
      return { status: 200, json: await signInBy(world, body, { peer, note }) };
    },
    refreshSession: async ({ body, peer, note }) => {
      const onClaimed = (userId: UserId) => note({ userId });
      const json = await refreshSession(world, body.refresh_token, { onClaimed, address: peer.address });
      note({ deviceId: json.device_id });
      return { status: 200, json };
    },
    deleteCurrentSession: async ({ caller }) => {
      if (caller.credential.kind !== "session") {
        throw new HoldfastError(
          "forbidden",
          "A personal access token is not a session. Revoke it with DELETE /tokens/{id}.",
        );
      }
      await endSession(world, caller.credential.id);
      world.onEnded?.(caller.spaceId);
      return { status: 204 };
    },
    proveSession: async ({ caller, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      const until = await proveSession(world, caller, proof, addressGroup(peer.address));
      return { status: 200, json: { proven_until: formatTime(until) } };
    },
    createAccount: async ({ body, headers, peer }) => {
      refuseForeignPage(headers, peer);
      const user = await signUp(world, body, addressGroup(peer.address));
      await mailConfirmation(world, mail, user);
      ordered(user.id);
      return { status: 201, json: await describeUser(world, user) };
    },
    readInvitation: async ({ body, headers, peer }) => {
      refuseForeignPage(headers, peer);
      return { status: 200, json: await readInvitation(world, body.token, addressGroup(peer.address)) };
    },
    confirmAddress: async ({ caller, body }) => {
      return { status: 200, json: await confirmAddress(world, caller, body.token) };
    },
    mailConfirmation: async ({ caller }) => {
      const user = await getUser(world, caller.userId);
      await mailConfirmationAgain(world, mail, user);
      ordered(user.id);
      return { status: 202, json: { email: user.email, confirmed: user.email_confirmed_at !== null } };
    },
    changeAddress: async ({ caller, body: { email, ...given }, peer }) => {
      assertAddress(email);
      const wish = { email, proof: { ...given, site: passkeySiteOf(peer) }, source: addressGroup(peer.address) };
      await mailConfirmationAgain(world, mail, await wishAddress(world, caller, wish));
      ordered(caller.userId);
      return { status: 202, json: await accountJson(world, caller, peer) };
    },
    getAccount: async ({ caller, peer }) => ({ status: 200, json: await accountJson(world, caller, peer) }),
    updateAccount: async ({ caller, body, peer }) => {
      await changeSettings(world, caller, { ...body, autoMount: body.auto_mount });
      return { status: 200, json: await accountJson(world, caller, peer) };
    },
    changePassword: async ({ caller, body, peer }) => {
      await changeOwnPassword(world, caller, { ...body, site: passkeySiteOf(peer) }, addressGroup(peer.address));
      ordered(caller.userId);
      return { status: 204 };
    },
    deleteAccount: async ({ caller, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      const until = await leaveAccount(world, caller, proof, addressGroup(peer.address));
      ordered(caller.userId);
      return { status: 200, json: { until: formatTime(until) } };
    },
    mailPasswordReset: async ({ body, peer }) => {
      onMessage(await askPasswordReset(world, body.email, addressGroup(peer.address)));
      return { status: 202, json: {} };
    },
    resetPassword: async ({ body, headers, peer, note }) => {
      refuseForeignPage(headers, peer);
      const { user, ...left } = await resetPassword(world, body, addressGroup(peer.address));
      note({ userId: user.id });
      ordered(user.id);
      return { status: 200, json: { email: user.email, ...left } };
    },
    createToken: async ({ caller, body }) => {
      const expiresAtMicros = body.expires_at == null ? null : parseTime(body.expires_at, "expires_at");
      const json = await createPersonalToken(world, caller, { ...body, expiresAtMicros });
      return { status: 201, json };
    },
    createAppPassword: async ({ caller, body, peer }) => {
      const expiresAtMicros = body.expires_at == null ? null : parseTime(body.expires_at, "expires_at");
      const request = { ...body, expiresAtMicros, site: passkeySiteOf(peer) };
      const json = await createAppPassword(world, caller, request, addressGroup(peer.address));
      ordered(caller.userId);
      return { status: 201, json };
    },
    listTokens: async ({ caller }) => ({
      status: 200,
      json: { items: await listPersonalTokens(world, caller.userId), next_cursor: null },
    }),
    deleteToken: async ({ caller, params }) => {
      await deletePersonalToken(world, caller.userId, params.id);
      return { status: 204 };
    },
    listDevices: async ({ caller }) => ({
      status: 200,
      json: {
        items: await listDevices(world, caller),
        next_cursor: null,
        clearings: await listClearings(world, caller),
        signed_out: await listSignedOut(world, caller),
      },
    }),
    deleteDevice: async ({ caller, params, query }) => {
      if (params.id !== caller.deviceId) assertNotSuspended(caller);
      const removesCopies = query.remove_copies === "true";
      if (removesCopies && isByToken(caller)) throw neededSignedIn("cannot make a device remove its copies");
      const isReplaced = query.replaced === "true";
      await deleteDevice(world, caller, params.id, { removesCopies, isReplaced });
      return { status: 204 };
    },
    readClearing: async ({ body, note }) => {
      const json = await readClearing(world, body.device_secret);
      note({ userId: json.account_id as UserId, deviceId: json.device_id });
      return { status: 200, json };
    },
    reportClearing: async ({ body, note }) => {
      note({ userId: await reportClearing(world, body) });
      return { status: 204 };
    },
    resumeDevice: async ({ caller, params }) => {
      await resumeDevice(world, caller, params.id);
      return { status: 204 };
    },
    deleteDevices: async ({ caller, query }) => {
      if (query.keep === "current") assertNotSuspended(caller);
      await deleteDevices(world, caller, query.keep === "current");
      return { status: 204 };
    },
    ...secondFactorHandlers(world),
    ...passkeyHandlers(world),
    ...ownAddressHandlers(world),
    ...webSessionHandlers(world),
    ...userHandlers(world),
  } satisfies Handlers;
}

export function userHandlers(store: AccountStore & Pick<AccountWorld, "outsidePasswords">) {
  return {
    ...accessRuleHandlers(store),
    adminListUsers: async ({ query }) => ({
      status: 200,
      json: await listUsers(store, { ...query, limit: query.limit ?? limits.listItemsDefault }),
    }),
    adminCreateUser: async ({ caller, body }) => {
      if (body.admin === true && isByToken(caller)) throw neededSignedIn("cannot make an account an administrator");
      const user = await createUser(store, {
        email: body.email,
        password: body.password,
        name: body.name ?? body.email,
        admin: body.admin ?? false,
        // Shares waiting for the address would pass to the new account, which would outlast a stolen token.
        confirmed: !isByToken(caller) || !(await isAwaited(store, emailKey(body.email))),
        plan: body.plan,
        quotaBytes: body.quota_bytes,
      });
      return { status: 201, json: await describeUser(store, user) };
    },
    adminUpdateUser: async ({ caller, params, body }) => {
      const change = {
        ...body,
        quotaBytes: body.quota_bytes,
        secondFactor: body.second_factor,
        signedOut: body.signed_out,
        ended: body,
        by: caller,
      };
      if (body.password !== undefined) await assertPasswordHere(store, (await getUser(store, params.id)).id);
      return { status: 200, json: await updateUser(store, params.id, change) };
    },
    adminResumeDevice: async ({ caller, params }) => {
      await resumeDevice(store, caller, params.id, true);
      return { status: 204 };
    },
    adminListPlans: async () => ({
      status: 200,
      json: { items: await listPlans(store.shards), next_cursor: null },
    }),
    adminListInvitations: async ({ query }) => ({ status: 200, json: await listInvitations(store, query) }),
    adminRemoveInvitation: async ({ params }) => {
      await removeInvitation(store, params.id);
      return { status: 204 };
    },
    adminInvite: async ({ caller, body, peer }) => {
      if (body.email !== undefined) await assertNoAccount(store, body.email);
      const others = body.email === undefined ? 0 : await countInvitationsFor(store, body.email);
      const { token, expiresAtMicros } = await createInvitation(store, {
        kind: "invite",
        email: body.email ?? null,
        plan: body.plan,
        quotaBytes: body.quota_bytes,
        byToken: isByToken(caller),
      });
      // No server or proxy logs the part after the #.
      return {
        status: 201,
        json: { token, url: `${peer.publicUrl}/setup#${token}`, expires_at: formatTime(expiresAtMicros), others },
      };
    },
  } satisfies Handlers;
}

/** The wire uses snake_case. */
const wireLimits = Object.fromEntries(
  Object.entries(limits).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]),
);

async function accountJson(world: AccountWorld, caller: Caller, { publicUrl, selfSigned }: Peer) {
  const row = await getUser(world, caller.userId);
  const user = await describeUser(world, row);
  const { language, notify, autoMount } = await readSettings(world, caller.userId);
  const due = caller.access?.factorDueAtMicros;
  return {
    id: caller.userId,
    server_id: world.secrets.serverId,
    public_url: publicUrl,
    ...(selfSigned === undefined ? {} : { certificate_sha256: selfSigned }),
    email: user.email,
    next_email: row.next_email,
    name: user.name,
    admin: caller.admin,
    confirmed: user.confirmed,
    has_password: await hasPassword(world, row),
    plan: user.plan,
    quota_bytes: user.quota_bytes,
    used_bytes: user.used_bytes,
    stored_bytes: user.stored_bytes,
    root_id: caller.rootId,
    bucket: caller.bucket,
    device_id: caller.deviceId,
    scopes: [...caller.scopes],
    language,
    notify,
    auto_mount: autoMount,
    limits: { ...wireLimits, ...world.lifetimes },
    ...(due === undefined ? {} : { second_factor_due_at: formatTime(due) }),
  };
}

/** @throws HoldfastError exists if the address has an account, invalid_field */
async function assertNoAccount({ shards }: AccountStore, email: string): Promise<void> {
  assertAddress(email);
  if ((await findUserByEmail(shards, email)) === undefined) return;
  throw new HoldfastError("exists", `${email} already has an account on this server.`, { field: "email" });
}
