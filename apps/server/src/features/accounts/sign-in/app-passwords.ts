import { HoldfastError } from "@holdfast/core/errors";
import { makeId, type TokenId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Scope } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import type { AccountWorld } from "../context/account-world.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import type { Caller } from "../context/caller.ts";
import { type Proof, withProof } from "../proof/change-second-factor.ts";
import { findUserByEmail } from "../context/directory.ts";
import { emailKey } from "../context/email-address.ts";
import { assertExpiry, assertRoom, deletePersonalToken, tokenJson, type TokenJson } from "../people/personal-tokens.ts";
import { assertPlainText, isPlainText } from "../context/plain-text.ts";
import { digestOf } from "../context/secret-token.ts";

/** Unambiguous letters. 20 of them have 90 bits, so no slow hash is needed. */
const letters = "abcdefghjkmnpqrstuvwxyz";
const groups = 4;
const groupLetters = 5;

interface NewAppPassword extends Proof {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAtMicros: number | null;
  /** Confines the password to this folder; otherwise it sees the whole account. */
  readonly folder_id?: string | undefined;
}

/**
 * An app password is a personal access token for fewer calls. It signs in without a code, so it requires the same proof
 * as a change of the second factor.
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, an
 * invalid time or another person's folder, not_found for a folder, second_factor, rate_limited, conflict for too many
 */
export async function createAppPassword(
  world: AccountWorld,
  caller: Caller,
  request: NewAppPassword,
  source: string,
): Promise<TokenJson & { readonly app_password: string }> {
  assertPlainText(request.name, "name");
  const folder = request.folder_id === undefined ? undefined : await world.openAppFolder?.(caller, request.folder_id);
  if (request.folder_id !== undefined && folder === undefined)
    throw new HoldfastError("internal", "This server cannot limit app passwords to a folder.");
  const secret = makeAppPassword(world.random);
  const row = {
    id: makeId<TokenId>(caller.bucket, world.clock.nowMs(), world.random(8)),
    user_id: caller.userId,
    name: request.name,
    scopes: [...new Set(request.scopes)],
    secret_hash: digestOf(plainAppPassword(secret)),
    created_at: world.clock.nowMicros(),
    expires_at: request.expiresAtMicros,
    last_used_at: null,
    maker_id: null,
    app: true,
    grant_id: folder?.grantId ?? null,
    client_id: null,
    client_scope: null,
  };
  await withProof(
    world,
    caller,
    { proof: request, source, what: "cannot create app passwords" },
    async (transaction) => {
      await assertExpiry(world, transaction, caller, request.expiresAtMicros);
      await assertRoom(transaction, caller);
      await transaction.insertInto("shard.tokens").values(row).execute();
      await world.notifySecurity?.(transaction, caller.userId, "app_password");
    },
  );
  // The token gives no access before its folder's grant exists.
  await folder?.give({ name: request.name, role: roleOf(request.scopes) }).catch(async (error: unknown) => {
    await deletePersonalToken(world, caller.userId, row.id);
    throw error;
  });
  return { ...tokenJson(row, folder?.folderId), app_password: secret };
}

function roleOf(scopes: readonly Scope[]): "viewer" | "editor" | "uploader" {
  if (!scopes.includes("files:read")) return "uploader";
  return scopes.includes("files:write") ? "editor" : "viewer";
}

export interface NameAndPassword {
  readonly name: string;
  readonly password: string;
}

/**
 * Finds the token of an app password. Never compares the account's own password, so it cannot be guessed here. Counts
 * failures by account and source, apart from sign-ins, so that a program with a revoked password locks nobody out. A
 * correct password always works, since it cannot be guessed.
 * @throws HoldfastError rate_limited
 */
export async function findAppPassword(
  world: AccountWorld,
  { name, password }: NameAndPassword,
  source: string,
): Promise<TokenId | undefined> {
  const user = await findUserByEmail(world.shards, name);
  const id = await findByDigest(world, user?.id, digestOf(plainAppPassword(password)));
  if (id !== undefined) return id;
  const account = emailKey(name);
  return guardAttempt(
    world.throttle,
    throttleKey("app-password", `${account}\0${source}`),
    async (): Promise<TokenId | undefined> => undefined,
  );
}

/** Runs the same statements for unknown accounts. Index: tokens_user. */
async function findByDigest(
  { shards, clock }: AccountWorld,
  userId: UserId | undefined,
  digest: Buffer,
): Promise<TokenId | undefined> {
  const of = userId ?? nobody;
  const { rows } = await sql<{ id: TokenId }>`
    select id from shard.tokens where user_id = ${of} and app and secret_hash = ${digest}
      and (expires_at is null or expires_at > ${clock.nowMicros()})`.execute(shards.ofId(of).db);
  return rows[0]?.id;
}

const nobody = "00000000-0000-8000-8000-000000000000" as UserId;

/** `abcde-fghjk-mnpqr-stuvw`, uniformly distributed. */
export function makeAppPassword(random: (bytes: number) => Uint8Array): string {
  const made: string[] = [];
  const fair = 256 - (256 % letters.length);
  while (made.length < groups * groupLetters)
    for (const byte of random(groups * groupLetters)) if (byte < fair) made.push(letters[byte % letters.length] ?? "");
  return Array.from({ length: groups }, (_, at) =>
    made.slice(at * groupLetters, (at + 1) * groupLetters).join(""),
  ).join("-");
}

function plainAppPassword(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/[\s-]/g, "");
}

export function readNameAndPassword(text: string): NameAndPassword | undefined {
  const decoded = Buffer.from(text, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const name = decoded.slice(0, Math.max(colon, 0));
  if (name === "" || !isPlainText(name) || name.length > limits.emailBytesMax) return undefined;
  return { name, password: decoded.slice(colon + 1) };
}

export function notForAppPasswords(): HoldfastError {
  return new HoldfastError("forbidden", "An app password can only read and change files. Sign in with the password.");
}
