import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { inTransaction } from "../../../base/db/database.ts";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { createSpace } from "../../../tree/commit/create-space.ts";
import type { AccountStore, AccountWorld } from "../context/account-world.ts";
import { hasAdministrator, settingUp } from "../people/administrators.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import { addressTaken, confirmEmail, reserveEmail } from "../context/directory.ts";
import { assertAddress } from "../context/email-address.ts";
import {
  type ClaimedInvitation,
  claimInvitation,
  giveBackInvitation,
  removeInvitationsFor,
  useUpInvitation,
} from "./invitations.ts";
import { enqueueClaim } from "../people/confirm-address.ts";
import { hashNewPassword } from "../passwords/new-password.ts";
import { hashPassword, sourceLine } from "../passwords/passwords.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { takePlan } from "../people/plans.ts";

export interface NewUser {
  readonly email: string;
  /** undefined: nobody knows the password. */
  readonly password: string | undefined;
  readonly name: string;
  readonly admin: boolean;
  /** The creator vouches for the address, or the invitation was mailed to it. */
  readonly confirmed?: boolean;
  readonly plan?: string | undefined;
  /** Overrides the plan; null: no limit. */
  readonly quotaBytes?: number | null | undefined;
  readonly line?: string | undefined;
  /** The operator chose the password, so it may be among the first guesses. */
  readonly takesAnyPassword?: boolean;
}

/**
 * Spans two shards without a transaction: reserves the address, creates the user, confirms the address. A crash before
 * the user's row leaves a reservation that expires; a later one leaves a valid account.
 * @throws HoldfastError exists, invalid_field, also for a plan that is not offered
 */
export async function createUser(store: AccountStore, user: NewUser, id: UserId = makeUserId(store)): Promise<UserRow> {
  assertAddress(user.email);
  assertPlainText(user.name, "name");
  const email = user.email.trim();
  const passwordHash = await firstPassword(store, { ...user, email });
  await reserveEmail(store, email, id);
  const row = await inTransaction(store.shards.ofId(id).db, async (transaction) => {
    const plan = await takePlan(transaction, user.plan);
    const quotaFixed = user.quotaBytes !== undefined;
    const quotaBytes = user.quotaBytes === undefined ? plan.quota_bytes : user.quotaBytes;
    const space = await createSpace(transaction, { ...store, ownerId: id, quotaBytes, quotaFixed });
    const made: UserRow = {
      id,
      email,
      name: user.name,
      password_hash: passwordHash,
      has_password: user.password !== undefined,
      admin: user.admin,
      disabled_at: null,
      leaving_until: null,
      next_email: null,
      readdressed_at: null,
      was_confirmed: false,
      space_id: space.id,
      root_id: space.root_id,
      email_confirmed_at: user.confirmed === true ? space.created_at : null,
      plan: plan.name,
      created_at: space.created_at,
    };
    await transaction.insertInto("shard.users").values(made).execute();
    if (user.confirmed === true) await enqueueClaim(transaction, id);
    return made;
  });
  if (await confirmEmail(store.shards, email, id)) {
    // Remaining invitations expire, cannot create a second account, and are not listed.
    await removeInvitationsFor(store, email).catch(() => {});
    if (user.confirmed === true) await store.onConfirmed?.(id);
    return row;
  }
  await withdrawUser(store, row);
  throw addressTaken();
}

function firstPassword(store: AccountStore, user: NewUser): Promise<string> {
  const { password, line } = user;
  if (password === undefined) return hashUnknownPassword(store, line);
  return user.takesAnyPassword === true
    ? hashPassword(password, line)
    : hashNewPassword(password, user, "password", line);
}

export function hashUnknownPassword({ random }: Pick<AccountStore, "random">, line?: string): Promise<string> {
  return hashPassword(Buffer.from(random(32)).toString("base64url"), line);
}

/**
 * Requires an invitation or the first administrator's one-time token. Open registration requires neither, but limits
 * the accounts per source and hour.
 * @param source key of the failures, so that nobody tries many tokens or addresses
 * @throws HoldfastError forbidden for a missing, used or expired invitation or one for somebody else; exists,
 * rate_limited
 */
export async function signUp(
  world: AccountWorld,
  request: { email: string; password: string; name: string; invite?: string | undefined },
  source: string,
): Promise<UserRow> {
  const id = makeUserId(world);
  const { invite } = request;
  const { email, password, name } = request;
  const person = { email, password, name, line: sourceLine(source) };
  if (invite === undefined) {
    if (world.openRegistration !== true) throw notInvited();
    return countTaken(world, throttleKey("sign-up", source), () =>
      countMade(world, source, () => createUser(world, { ...person, admin: false }, id)),
    );
  }
  const invitation = await guardAttempt(world.throttle, throttleKey("sign-up", source), () =>
    claimInvitation(world, invite, request.email, id),
  );
  if (invitation === undefined) throw notInvited();
  return countTaken(world, throttleKey("invitation", invite), () => createInvited(world, person, id, invitation));
}

async function createInvited(
  world: AccountWorld,
  person: Pick<NewUser, "email" | "password" | "name" | "line">,
  id: UserId,
  invitation: ClaimedInvitation,
): Promise<UserRow> {
  const { token, kind, plan, quotaBytes } = invitation;
  const newUser = { ...person, confirmed: invitation.confirms, plan, quotaBytes };
  let user: UserRow;
  try {
    user = await (kind === "setup"
      ? createFirst(world, { ...newUser, admin: true }, id)
      : createUser(world, { ...newUser, admin: false }, id));
  } catch (error) {
    // If this fails, the claim expires; the caller gets the first error.
    await giveBackInvitation(world, token, id).catch(() => {});
    throw error;
  }
  await useUpInvitation(world, token);
  return user;
}

/** Each start prints a set-up link, so several are valid until one is used. @throws HoldfastError forbidden */
function createFirst(world: AccountWorld, user: NewUser, id: UserId): Promise<UserRow> {
  return settingUp(world, async () => {
    if (await hasAdministrator(world)) throw notInvited();
    return createUser(world, user, id);
  });
}

/** Counts attempts for addresses with an account; otherwise an invitation could be used to probe many addresses. */
async function countTaken(world: AccountWorld, key: string, create: () => Promise<UserRow>): Promise<UserRow> {
  const made = await guardAttempt(world.throttle, key, () =>
    create().catch((error: unknown) => {
      if (error instanceof HoldfastError && error.code === "exists") return undefined;
      throw error;
    }),
  );
  if (made === undefined) throw addressTaken();
  return made;
}

/** Limits free accounts: each has a quota, and sends mail to an address whose owner may not want it. */
async function countMade({ signUps }: AccountWorld, source: string, create: () => Promise<UserRow>): Promise<UserRow> {
  const key = throttleKey("signed-up", source);
  await signUps.check(key);
  const made = await create();
  await signUps.failed(key);
  return made;
}

/** Undoes a sign-up so slow that another took over its reservation. */
async function withdrawUser(store: AccountStore, user: UserRow): Promise<void> {
  await inTransaction(store.shards.ofId(user.id).db, async (transaction) => {
    await transaction.deleteFrom("shard.users").where("id", "=", user.id).execute();
    await transaction.deleteFrom("shard.nodes").where("space_id", "=", user.space_id).execute();
    await transaction.deleteFrom("shard.spaces").where("id", "=", user.space_id).execute();
  });
}

function makeUserId({ random, clock }: AccountStore): UserId {
  const bucket = toBucket(Buffer.from(random(2)).readUInt16BE() % bucketCount);
  return makeId<UserId>(bucket, clock.nowMs(), random(8));
}

function notInvited(): HoldfastError {
  return new HoldfastError(
    "forbidden",
    "Accounts on this server are by invitation only, and this invitation is missing, used, in use, expired or for another address. An administrator can create a new one: 'holdfast admin users invite EMAIL'.",
    { field: "invite" },
  );
}
