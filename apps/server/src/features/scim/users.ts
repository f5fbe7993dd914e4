import { formatTime } from "@holdfast/core/times";
import type { UserId } from "@holdfast/core/ids";
import { findUserByEmail } from "../accounts/context/directory.ts";
import { assertAddress, emailKey } from "../accounts/context/email-address.ts";
import { assertPlainText, withoutMisleading } from "../accounts/context/plain-text.ts";
import { removeAccount } from "../accounts/proof/remove-account.ts";
import { createUser } from "../accounts/invitations/sign-up.ts";
import { sparesAdministrators, updateUser } from "../accounts/people/users.ts";
import { isAwaited } from "../sharing/invite-pending.ts";
import { listAnswer, userSchema, windowOf } from "./list-answer.ts";
import { idOf, nameUser, readUsers, type SeenUser, sliceUsers, usersCalled } from "./provisioned.ts";
import { type Filter, readFilter } from "./read-filter.ts";
import type { UserWish } from "./read-user.ts";
import { noSuch, refusal } from "./scim-refusal.ts";
import type { ListQuery, ScimCall, ScimWorld } from "./scim-world.ts";

/**
 * Creates an account with an unknown password; the user signs in through an issuer or requests a password by e-mail.
 * Rejects one of two concurrent requests.
 * @throws HoldfastError exists, and with invalidValue for an invalid address
 */
export async function createScimUser(world: ScimWorld, call: ScimCall, wish: UserWish): Promise<object> {
  const email = addressOf(wish.userName ?? "");
  const name = nameOf(wish) ?? email;
  const confirmed = !(await isAwaited(world, emailKey(email)));
  const made = await createUser(world, { email, password: undefined, name, admin: false, confirmed });
  // After a crash here, the client finds the account by userName and sends the rest.
  if (wish.externalId !== undefined) await nameUser(world.shards, made.id, wish.externalId);
  if (wish.active === false) await change(world, call, made.id, { disabled: true });
  return userJson(await seeUser(world, made.id), call);
}

export async function getScimUser(world: ScimWorld, call: ScimCall, id: string): Promise<object> {
  return userJson(await seeUser(world, id), call);
}

const filtered = ["userName", "externalId", "emails.value", "id"] as const;

export async function listScimUsers(world: ScimWorld, call: ScimCall, query: ListQuery): Promise<object> {
  const window = windowOf(query);
  if (query.filter === undefined) {
    const { ids, total } = await sliceUsers(world.shards, window);
    await call.owe(Math.floor(window.skip / 1000));
    return listAnswer(
      (await readUsers(world.shards, ids)).map((user) => userJson(user, call)),
      total,
      window,
    );
  }
  const found = await readUsers(world.shards, await lookUp(world, readFilter(query.filter, filtered)));
  const shown = found.slice(window.skip, window.skip + window.take).map((user) => userJson(user, call));
  return listAnswer(shown, found.length, window);
}

const foundMax = 200;

async function lookUp(world: ScimWorld, { attribute, value }: Filter<(typeof filtered)[number]>): Promise<UserId[]> {
  if (!value.isWellFormed() || value.includes("\0")) return [];
  if (attribute === "externalId") return usersCalled(world.shards, value, foundMax);
  const id = attribute === "id" ? idOf<UserId>(value) : (await findUserByEmail(world.shards, value))?.id;
  return id === undefined ? [] : [id];
}

/** @throws HoldfastError not_found, exists, forbidden for changes of administrators that a token may not make */
export async function changeScimUser(world: ScimWorld, call: ScimCall, id: string, wish: UserWish): Promise<object> {
  const user = await seeUser(world, id);
  const { userName } = wish;
  const email = userName === undefined || userName.trim() === user.email ? user.email : addressOf(userName);
  const name = nameOf(wish);
  // Precedes the error for the last administrator.
  if (user.admin && wish.active === false && user.disabled_at === null) throw sparesAdministrators();
  if (name !== undefined) assertPlainText(name, "displayName");
  await change(world, call, user.id, {
    ...(email === user.email ? {} : { email, ...(await confirmedBySystem(world, user, email)) }),
    ...(name === undefined || name === user.name ? {} : { name }),
    ...(wish.active === undefined || wish.active === (user.disabled_at === null) ? {} : { disabled: !wish.active }),
  });
  if (wish.externalId !== undefined && wish.externalId !== user.external_id) {
    await nameUser(world.shards, user.id, wish.externalId);
  }
  return userJson(await seeUser(world, id), call);
}

/** @throws HoldfastError not_found, forbidden for an administrator */
export async function deleteScimUser(world: ScimWorld, id: string): Promise<void> {
  await removeAccount(world, await seeUser(world, id));
}

/** A token may be stolen, so it cannot confirm an address for which shares wait. */
async function confirmedBySystem(world: ScimWorld, user: SeenUser, email: string): Promise<{ confirmed?: true }> {
  const key = emailKey(email);
  const isKnown = user.email_confirmed_at !== null && key !== emailKey(user.email);
  return isKnown && !(await isAwaited(world, key)) ? { confirmed: true } : {};
}

interface Change {
  readonly email?: string;
  readonly confirmed?: true;
  readonly name?: string;
  readonly disabled?: boolean;
}

async function change(world: ScimWorld, { caller }: ScimCall, id: UserId, changed: Change): Promise<void> {
  if (Object.keys(changed).length === 0) return;
  await updateUser(world, id, { ...changed, byIdentitySystem: true, by: caller });
}

async function seeUser({ shards }: ScimWorld, text: string): Promise<SeenUser> {
  const id = idOf<UserId>(text);
  const [user] = id === undefined ? [] : await readUsers(shards, [id]);
  if (user === undefined) throw noSuch("user");
  return user;
}

/**
 * Requires an address, because people sign in and share by it; two names for one person would be looked up separately.
 */
function addressOf(userName: string): string {
  try {
    assertAddress(userName);
  } catch {
    throw refusal("invalidValue", "userName: must be an e-mail address. Map the address to userName.");
  }
  return userName.trim();
}

/**
 * Identity systems send the whole user with each change. Removes misleading characters, so that a name cannot prevent a
 * suspension.
 */
function nameOf({ name }: UserWish): string | undefined {
  return name === undefined ? undefined : withoutMisleading(name);
}

function userJson(user: SeenUser, { publicUrl }: ScimCall): object {
  const { id, email, name, external_id: externalId, disabled_at: disabledAt, created_at: createdAt } = user;
  return {
    schemas: [userSchema],
    id,
    ...(externalId === null ? {} : { externalId }),
    userName: email,
    displayName: name,
    name: { formatted: name },
    emails: [{ value: email, type: "work", primary: true }],
    active: disabledAt === null,
    meta: { resourceType: "User", created: formatTime(createdAt), location: `${publicUrl}/scim/v2/Users/${id}` },
  };
}
