import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GrantId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Scope } from "@holdfast/protocol/account-routes";
import { type RawBuilder, sql } from "kysely";
import { unlessReadOnly } from "../../../base/db/database-error.ts";
import type { GrantRow } from "../../../base/db/shard-tables.ts";
import { dropLapsed } from "../../../tree/rights/load-rights.ts";
import { accessOf, boundBy, type RulesJson, rulesOfUser } from "./access-rules.ts";
import type { Access, Caller } from "../context/caller.ts";
import { type AccountWorld, seenGrainMicros } from "../context/account-world.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import { isPassword, sourceLine } from "../passwords/passwords.ts";
import {
  digestOf,
  isSame,
  linkSecrets,
  linkStamp,
  makeLinkAccess,
  makeLinkSession,
  parseLinkToken,
  readLinkAccess,
  readLinkSession,
} from "../context/secret-token.ts";

export interface LiveLink extends GrantRow {
  /** Never an address: for an account without a name, the part before the `@`. */
  readonly owner_name: string;
  /** Requirements of an app password's owner; other links are for anybody who has them. */
  readonly access: Access | undefined;
}

/** Accepts a link's token or a session of `startLinkSession`, by its form. */
export function isOfLink(bearer: string): boolean {
  return parseLinkToken(bearer) !== undefined || readLinkSession(bearer) !== undefined;
}

/**
 * Caller whose view is the link's node; undefined if the link is unknown, expired, revoked or disabled, or its owner is
 * suspended.
 * @throws HoldfastError unauthenticated for the correct token of a link with a password
 */
export async function proveLink(world: AccountWorld, bearer: string): Promise<Caller | undefined> {
  const link = await findLinkOf(world, bearer);
  if (link === undefined) return undefined;
  if (link.password_hash === null || readLinkSession(bearer) !== undefined) {
    await markLinkUsed(world, link);
    return linkCaller(link);
  }
  throw new HoldfastError(
    "unauthenticated",
    "This link has a password. Send the link's token and the password to POST /api/v1/links/session.",
    {
      field: "password",
    },
  );
}

export async function markLinkUsed({ shards, clock }: AccountWorld, link: LiveLink): Promise<void> {
  const now = clock.nowMicros();
  if ((link.last_used_at ?? 0) >= now - seenGrainMicros) return;
  const used = shards
    .ofId(link.id)
    .db.updateTable("shard.grants")
    .set({ last_used_at: now })
    .where("space_id", "=", link.space_id)
    .where("id", "=", link.id)
    // One of many visitors in the same minute writes.
    .where((row) => row.or([row("last_used_at", "is", null), row("last_used_at", "<", now - seenGrainMicros)]));
  await unlessReadOnly(used.execute());
}

/** Runs one statement, however the token is wrong. */
export async function findLinkOf(world: AccountWorld, bearer: string): Promise<LiveLink | undefined> {
  const session = readLinkSession(bearer);
  const id = session?.linkId ?? parseLinkToken(bearer);
  const link = id === undefined ? undefined : await findLiveLink(world, id);
  if (link === undefined || link.secret_hash === null) return undefined;
  if (session === undefined) return isSame(link.secret_hash, digestOf(bearer)) ? link : undefined;
  if (session.untilSeconds * 1000 <= world.clock.nowMs()) return undefined;
  return isSame(Buffer.from(sessionOf(world, link, session.untilSeconds)), Buffer.from(bearer)) ? link : undefined;
}

/** An editor's link ends with the editor's right to share. Indexes: grants_id, primary keys. */
export async function findLiveLink(
  { shards, clock }: Pick<AccountWorld, "shards" | "clock">,
  id: GrantId,
): Promise<LiveLink | undefined> {
  const { db } = shards.ofId(id);
  const now = clock.nowMicros();
  const { rows } = await sql<Omit<LiveLink, "access"> & { readonly access_rules: RulesJson }>`
    select g.*, case when u.name = u.email then split_part(u.email, '@', 1) else u.name end as owner_name,
      case when g.secret_hash is null then ${rulesOfUser} end as access_rules
    from shard.grants g
    join shard.spaces s on s.id = g.space_id
    join shard.users u on u.id = s.owner_id
    where g.id = ${id} and g.kind = 'link' and g.disabled_at is null and u.disabled_at is null
      and (g.expires_at is null or g.expires_at > ${now}) and ${isHeld(now)}`.execute(db);
  const [row] = await dropLapsed(shards, db, rows);
  if (row === undefined) return undefined;
  const { access_rules: rules, ...link } = row;
  return { ...link, access: accessOf(rules, now) };
}

/** A link `g` in a space `s` without a secret lives as long as its owner's app password. Index: tokens_grant. */
export function isHeld(nowMicros: number): RawBuilder<boolean> {
  return sql`(g.secret_hash is not null or exists (
    select from shard.tokens t where t.grant_id = g.id and t.user_id = s.owner_id
      and (t.expires_at is null or t.expires_at > ${nowMicros})))`;
}

export interface LinkSession {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** Lasts 15 minutes. @throws HoldfastError as `openLink` */
export async function startLinkSession(
  world: AccountWorld,
  given: LinkAndPassword,
  source: string,
  onFound?: (link: LiveLink) => void,
): Promise<LinkSession> {
  const link = await openLink(world, given, source, onFound);
  const expiresIn = limits.linkSessionLifetimeMs / 1000;
  return { access_token: sessionOf(world, link, sessionEnd(world)), expires_in: expiresIn };
}

/** Unix seconds. */
export function sessionEnd({ clock }: Pick<AccountWorld, "clock">): number {
  return Math.floor((clock.nowMs() + limits.linkSessionLifetimeMs) / 1000);
}

interface LinkAndPassword {
  readonly token: string;
  readonly password: string;
}

/**
 * Counts failures by link and source, by link with a higher limit, and for invalid tokens by source.
 * @param onFound called before the password is checked
 * @throws HoldfastError unauthenticated, the same for every fault; rate_limited
 */
export async function openLink(
  world: AccountWorld,
  { token, password }: LinkAndPassword,
  source: string,
  onFound?: (link: LiveLink) => void,
): Promise<LiveLink> {
  const found = parseLinkToken(token) === undefined ? undefined : await findLinkOf(world, token);
  if (found !== undefined) onFound?.(found);
  const hash = found?.password_hash ?? undefined;
  const attempt = async () =>
    (await isPassword(hash, password, { line: sourceLine(source) })) || isOpen(found) ? found : undefined;
  const link =
    found === undefined
      ? await guardAttempt(world.throttle, throttleKey("link", source), attempt)
      : await guardAttempt(world.throttle, throttleKey("link", `${found.id}\0${source}`), attempt, {
          key: throttleKey("link", found.id),
          weight: 1 / sourcesMin,
        });
  if (link === undefined)
    throw new HoldfastError("unauthenticated", "The link does not exist, or the password is wrong.");
  return link;
}

/** Sources that must fail before a link's password is closed to all. */
const sourcesMin = 10;

function isOpen(link: LiveLink | undefined): boolean {
  return link?.password_hash === null;
}

function sessionOf({ secrets }: AccountWorld, link: LiveLink, untilSeconds: number): string {
  return makeLinkSession(secrets.refreshKey, link.id, linkSecrets(link), untilSeconds);
}

export function linkCaller(link: LiveLink): Caller {
  const { id, space_id: spaceId, node_id: rootId, role } = link;
  const { lists, access } = boundBy(link.access);
  const writes = role === "editor" || role === "uploader";
  return {
    // Author of changes in place of an account.
    userId: id as string as UserId,
    bucket: bucketOf(spaceId),
    spaceId,
    rootId,
    deviceId: null,
    owns: false,
    isAnonymous: true,
    grantees: [id],
    endsAtMicros: link.expires_at ?? undefined,
    receives: false,
    credential: { kind: "link", id, stamp: linkStamp(linkSecrets(link)), ...lists },
    ...access,
    scopes: new Set<Scope>(writes ? ["files:read", "files:write"] : ["files:read"]),
    admin: false,
    groupIds: [],
  };
}

/** Page of a folder, or download of a file or folder, which one address of a link's page opens. */
export interface LinkPlace {
  readonly use: "page" | "file";
  readonly nodeId: string;
}

export function signPlace({ secrets }: AccountWorld, link: LiveLink, place: LinkPlace, untilSeconds: number): string {
  return makeLinkAccess(secrets.refreshKey, `${place.use} ${link.id} ${place.nodeId}`, linkSecrets(link), untilSeconds);
}

/** @returns end of the access in Unix seconds; undefined if it does not open the place */
export function checkPlace(world: AccountWorld, link: LiveLink, place: LinkPlace, access: string): number | undefined {
  const untilSeconds = readLinkAccess(access);
  if (untilSeconds === undefined || untilSeconds * 1000 <= world.clock.nowMs()) return undefined;
  const genuine = Buffer.from(signPlace(world, link, place, untilSeconds));
  return isSame(genuine, Buffer.from(access)) ? untilSeconds : undefined;
}
