import { HoldfastError } from "@holdfast/core/errors";
import { isId, makeId, type OauthClientId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { ProgramScope } from "@holdfast/protocol/scopes";
import type { oauthClient } from "@holdfast/protocol/oauth-routes";
import { sql } from "kysely";
import type { z } from "zod";
import { assertPlainText } from "../accounts/context/plain-text.ts";
import { digestOf, isSame } from "../accounts/context/secret-token.ts";
import type { OauthClientRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { commonBucket, type OauthWorld } from "./artifacts.ts";
import { assertReturnAddress } from "./return-address.ts";

type ClientJson = z.output<typeof oauthClient>;

interface NewClient {
  readonly name: string;
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[] | undefined;
  readonly public?: boolean | undefined;
  readonly scopes?: readonly ProgramScope[] | undefined;
}

export async function addClient(
  world: OauthWorld,
  request: NewClient,
): Promise<ClientJson & { readonly secret: string | null }> {
  assertPlainText(request.name, "name");
  const isPublic = request.public === true;
  const { redirect_uris: back, post_logout_redirect_uris: out = [] } = request;
  for (const uri of back) assertReturnAddress(uri, "redirect_uris", isPublic);
  for (const uri of out) assertReturnAddress(uri, "post_logout_redirect_uris", isPublic);
  const secret = isPublic ? null : Buffer.from(world.random(32)).toString("base64url");
  const row = {
    id: makeId<OauthClientId>(commonBucket, world.clock.nowMs(), world.random(8)),
    name: request.name,
    redirect_uris: [...new Set(back)],
    post_logout_redirect_uris: [...new Set(out)],
    scopes: [...new Set(request.scopes ?? (["files:read"] as const))],
    secret_hash: secret === null ? null : digestOf(secret),
    created_at: world.clock.nowMicros(),
  };
  const { db } = world.shards.of(commonBucket);
  const { count } = await db
    .selectFrom("shard.oauth_clients")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count >= limits.oauthClientsMax)
    throw new HoldfastError("conflict", `A server can have at most ${limits.oauthClientsMax} programs.`);
  await db.insertInto("shard.oauth_clients").values(row).execute();
  return { ...clientJson(row), secret };
}

export async function listClients({ shards }: OauthWorld): Promise<ClientJson[]> {
  const { db } = shards.of(commonBucket);
  const rows = await db.selectFrom("shard.oauth_clients").selectAll().orderBy("created_at").orderBy("id").execute();
  return rows.map(clientJson);
}

/** Removes a program and its grants on all shards. @throws HoldfastError not_found */
export async function removeClient({ shards }: OauthWorld, id: string): Promise<void> {
  const { db } = shards.of(commonBucket);
  const removed = await db.deleteFrom("shard.oauth_clients").where("id", "=", id).returning("id").executeTakeFirst();
  await removeTokensOf(shards, id);
  if (removed === undefined) throw new HoldfastError("not_found", "There is no such program.");
}

/** Includes tokens that the program created, recursively. */
export async function removeTokensOf(shards: Shards, id: string): Promise<void> {
  for (const shard of shards.all()) {
    await sql`
      with recursive family (id) as (
        select id from shard.tokens where client_id = ${id}
        union select t.id from shard.tokens t join family f on t.maker_id = f.id
      ) delete from shard.tokens where id in (select id from family)`.execute(shard.db);
  }
}

/** @param id untrusted text, possibly invalid for the database */
export async function findClient(
  { shards }: Pick<OauthWorld, "shards">,
  id: string,
): Promise<OauthClientRow | undefined> {
  if (!isId(id)) return undefined;
  const { db } = shards.of(commonBucket);
  return db.selectFrom("shard.oauth_clients").selectAll().where("id", "=", id).executeTakeFirst();
}

export function isClientSecret(hash: string, given: string): boolean {
  return isSame(Buffer.from(hash, "hex"), digestOf(given));
}

function clientJson(row: OauthClientRow): ClientJson {
  return {
    id: row.id,
    name: row.name,
    redirect_uris: row.redirect_uris,
    post_logout_redirect_uris: row.post_logout_redirect_uris,
    scopes: row.scopes,
    public: row.secret_hash === null,
    created_at: formatTime(row.created_at),
  };
}
