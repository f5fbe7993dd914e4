import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { OutsidePasswords, OutsidePerson, PersonGuard } from "../accounts/context/outside-passwords.ts";
import { isPlainText } from "../accounts/context/plain-text.ts";
import { findUser, findUserByEmail } from "../accounts/context/directory.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { settleKnown } from "../accounts/people/change-address.ts";
import { accountDisabled } from "../accounts/sign-in/keep-account.ts";
import { identityKey } from "../issuer/claims.ts";
import { type ClaimsWorld, followClaims } from "../issuer/follow-claims.ts";
import { linkByAddress } from "../issuer/link-by-address.ts";
import { createFromOutside, findByAddress } from "../issuer/outside-accounts.ts";
import { findLinked, hasIdentityOf, subjectOf, useIdentity } from "../issuer/outside-identities.ts";
import { type Bounds, type Conversation, notAsked, reasonOf, talk } from "./conversation.ts";
import { findByLogin, findBySubjects, hasPeople, isPasswordOf, type Person, readGroups } from "./find-people.ts";
import { followQuota } from "./follow-quota.ts";
import { issuerOf } from "./ldap-settings.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";

const usual: Bounds = { ms: limits.outsideAnswerMs, bytes: limits.outsideAnswerBytesMax };

/** Time without attempts after a slow failure. */
const restMs = 5000;

/** Loads and requests nothing before the first sign-in. */
export function openLdap(world: ClaimsWorld, settings: LdapSettings, bounds = usual): OutsidePasswords {
  const issuer = issuerOf(settings);
  const ask = asking(world, settings, bounds);
  return {
    name: settings.name,
    issuer,
    holds: (userId) => hasIdentityOf(world, userId, issuer),
    find: async (login, password, guard) => {
      if (!mayAsk(login, password)) return undefined;
      const person = await ask((conversation) => proveLogin(conversation, { world, settings, login, password, guard }));
      return person === undefined ? undefined : personOf(world, settings, person);
    },
    isPasswordOf: async (userId, password) => {
      const subject = await subjectOf(world, userId, issuer);
      if (subject === undefined || !mayAsk(subject, password)) return false;
      return ask(async (conversation) => {
        const person = (await findBySubjects(conversation, settings, [subject])).get(subject);
        return person !== undefined && isPasswordOf(conversation, person, password);
      });
    },
  };
}

/**
 * Checks that the server responds to lookups.
 * @returns false if the server has no people
 * @throws HoldfastError unavailable
 */
export function lookAtLdap(settings: LdapSettings): Promise<boolean> {
  return talk(settings, usual, (conversation) => hasPeople(conversation, settings));
}

/** LDAP servers accept an empty password as an anonymous bind. */
function mayAsk(login: string, password: string): boolean {
  return password !== "" && login !== "" && isPlainText(login);
}

interface Known extends Person {
  readonly groups: string[] | null;
}

async function proveLogin(
  conversation: Conversation,
  given: {
    readonly world: ClaimsWorld;
    readonly settings: LdapSettings;
    readonly login: string;
    readonly password: string;
    readonly guard: PersonGuard;
  },
): Promise<Known | undefined> {
  const { world, settings, login, password, guard } = given;
  const person = await onlyOne(world, await findByLogin(conversation, settings, login), login);
  if (person === undefined) return undefined;
  const key = identityKey(person.claims).toString("hex");
  const attempt = async () => (await isPasswordOf(conversation, person, password)) || undefined;
  if ((await guard(key, attempt)) !== true) return undefined;
  await conversation.bindSelf();
  return { ...person, groups: await readGroups(conversation, settings, person) };
}

/**
 * Selects the person for a login: of several entries, the one linked to the account with this address, or the only
 * linked one if no account has the address. Otherwise anyone who can edit an entry could prevent others' sign-ins.
 */
async function onlyOne(world: ClaimsWorld, found: readonly Person[], login: string): Promise<Person | undefined> {
  if (found.length < 2) return found[0];
  const named = await findUserByEmail(world.shards, login);
  const linked = await Promise.all(
    found.map(async (person) => ({ person, user: await findLinked(world, person.claims) })),
  );
  const meant = linked.filter(({ user }) => user !== undefined && (named === undefined || user.id === named.id));
  const only = meant.length === 1 ? meant[0] : undefined;
  const dns = found.filter((each) => each !== only?.person).map(({ dn }) => dn);
  world.log.warn({ user_id: only?.user?.id, dns }, "several entries of the LDAP server have the login of one person");
  return only?.person;
}

async function personOf(world: ClaimsWorld, settings: LdapSettings, person: Known): Promise<OutsidePerson> {
  const { claims } = person;
  const linked = await findLinked(world, claims);
  const account = linked ?? (await findByAddress(world, settings, claims));
  return {
    account,
    enter: async () => {
      // Linking would end all credentials, which a disabled account must regain once enabled.
      if (linked === undefined && account !== undefined && account.disabled_at !== null) throw accountDisabled();
      const begin = () =>
        account === undefined
          ? createFromOutside(world, settings, claims, () => notLetIn(settings))
          : linkByAddress(world, account, claims);
      const user = linked ?? (await begin());
      await settleKnown(world, user, claims);
      const back = await comeBack(world, user);
      if (back.disabled_at !== null) return back;
      await followClaims(world, back, { groups: person.groups, plan: null }, "ldap");
      await followQuota(world, back, person.quotaBytes);
      return back;
    },
    isStill: (transaction, userId: UserId) => useIdentity(world, transaction, userId, claims),
  };
}

/** Enables an account that was missing on the LDAP server, but not one that an administrator suspended. */
async function comeBack(world: ClaimsWorld, user: UserRow): Promise<UserRow> {
  if (user.disabled_at === null) return user;
  await updateUser(world, user.id, { disabled: false, byLdap: true });
  return (await findUser(world.shards, user.id)) ?? user;
}

/** Limits concurrent requests and pauses after slow failures. Logs errors instead of showing them to strangers. */
function asking({ log }: ClaimsWorld, settings: LdapSettings, bounds: Bounds) {
  let running = 0;
  let restsUntil = 0;
  return async <Result>(act: (conversation: Conversation) => Promise<Result>): Promise<Result> => {
    if (running >= limits.outsideAtOnceMax || performance.now() < restsUntil) throw notAsked(settings, restMs / 1000);
    running += 1;
    const startedAt = performance.now();
    try {
      return await talk(settings, bounds, act);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "unavailable" && error.cause !== undefined) {
        if (performance.now() - startedAt >= bounds.ms / 2) restsUntil = performance.now() + restMs;
        log.warn({ reason: reasonOf(error.cause) }, "the LDAP server did not answer");
      }
      throw error;
    } finally {
      running -= 1;
    }
  };
}

/** Same error for addresses with and without an account. */
function notLetIn({ name }: LdapSettings): HoldfastError {
  const message = `${name} accepted your password, but you have no account on this server. An administrator can create one.`;
  return new HoldfastError("forbidden", message, { field: "ldap" });
}
