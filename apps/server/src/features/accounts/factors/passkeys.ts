import { HoldfastError } from "@holdfast/core/errors";
import { isId, type PasskeyId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { passkey as passkeySchema } from "@holdfast/protocol/passkey-routes";
import type { PasskeyRequest } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import type { z } from "zod";
import type { PasskeyRow, UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { makeChallenge } from "./passkey-challenges.ts";
import type { PasskeySite } from "./passkey-site.ts";
import { assertPlainText } from "../context/plain-text.ts";

export type PasskeyJson = z.output<typeof passkeySchema>;

export async function readPasskeys(reader: ShardQueries, userId: UserId): Promise<PasskeyRow[]> {
  const { rows } = await sql<PasskeyRow>`select * from shard.passkeys where user_id = ${userId} order by id`.execute(
    reader,
  );
  return rows;
}

export async function countPasskeys(reader: ShardQueries, userId: UserId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int8 as count from shard.passkeys where user_id = ${userId}`.execute(reader);
  return rows[0]?.count ?? 0;
}

export async function listPasskeys(world: AccountWorld, userId: UserId): Promise<PasskeyJson[]> {
  return (await readPasskeys(world.shards.ofId(userId).db, userId)).map(passkeyJson);
}

/** @throws HoldfastError forbidden for a personal access token, invalid_field, not_found */
export async function renamePasskey(
  world: AccountWorld,
  { userId, credential }: Caller,
  id: string,
  name: string,
): Promise<PasskeyJson> {
  if (credential.kind !== "session") {
    throw new HoldfastError("forbidden", "A personal access token cannot change passkeys. Sign in with the password.");
  }
  assertPlainText(name, "name");
  const { rows } = isId(id)
    ? await sql<PasskeyRow>`
        update shard.passkeys set name = ${name} where user_id = ${userId} and id = ${id} returning *`.execute(
        world.shards.ofId(userId).db,
      )
    : { rows: [] };
  const [row] = rows;
  if (row === undefined) throw noSuchPasskey(id);
  return passkeyJson(row);
}

/** @returns undefined if none works at this address */
export function requestOfFactor(
  world: AccountWorld,
  userId: UserId,
  rows: readonly PasskeyRow[],
  site: PasskeySite | undefined,
): PasskeyRequest | undefined {
  const here = site === undefined ? [] : rows.filter(({ rp_id: rpId }) => rpId === site.rpId);
  if (site === undefined || here.length === 0) return undefined;
  return {
    challenge: makeChallenge(world, `factor ${userId}`).bytes.toString("base64url"),
    rpId: site.rpId,
    allowCredentials: here.map(credentialJson),
    timeout: limits.passkeyChallengeMs,
    userVerification: "preferred",
  };
}

/** Equal for everybody, so it reveals nothing about anyone. */
export function requestOfSignIn(
  world: AccountWorld,
  site: PasskeySite,
): { webauthn: PasskeyRequest; expires_at: string } {
  const { bytes, untilMs } = makeChallenge(world, "sign-in");
  const webauthn = {
    challenge: bytes.toString("base64url"),
    rpId: site.rpId,
    allowCredentials: [],
    timeout: limits.passkeyChallengeMs,
    userVerification: "required" as const,
  };
  return { webauthn, expires_at: formatTime(untilMs * 1000) };
}

export function credentialJson({ credential_id: id, transports }: PasskeyRow) {
  return { type: "public-key" as const, id: id.toString("base64url"), transports };
}

export function passkeyJson(row: PasskeyRow): PasskeyJson {
  return {
    id: row.id,
    name: row.name,
    created_at: formatTime(row.created_at),
    last_used_at: row.last_used_at === null ? null : formatTime(row.last_used_at),
    backed_up: row.backed_up,
    address: row.rp_id,
  };
}

/** The account's id in bytes: unique across servers, and identifies the account without a look-up. */
export function userHandleOf({ id }: Pick<UserRow, "id">): string {
  return Buffer.from(id.replaceAll("-", ""), "hex").toString("base64url");
}

export function userOfHandle(handle: string): UserId | undefined {
  const hex = Buffer.from(handle, "base64url").toString("hex");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return isId(id) ? (id as UserId) : undefined;
}

export function noSuchPasskey(id: PasskeyId | string): HoldfastError {
  return new HoldfastError("not_found", `There is no passkey ${id}.`);
}
