import type { TokenId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import type { Caller } from "../context/caller.ts";
import { findLiveToken } from "./live-callers.ts";
import type { CredentialWorld } from "../context/overdue.ts";
import { bucketOfProgramToken, digestOf } from "../context/secret-token.ts";

interface Program {
  readonly id: TokenId;
  readonly caller: Caller;
  readonly lastUsedAt: number | null;
}

/**
 * Equals a personal access token with these scopes. Reads the token's row and the account's grant each time. A token
 * with only `openid` permits nothing here.
 */
export async function findProgram(world: CredentialWorld, bearer: string): Promise<Program | undefined> {
  const bucket = bucketOfProgramToken(bearer);
  if (bucket === undefined) return undefined;
  const { rows } = await sql<{ id: TokenId; scope: string | null }>`
    select token_id as id, payload ->> 'scope' as scope from shard.oauth_artifacts
    where id_hash = ${digestOf(bearer)} and kind = 'AccessToken' and expires_at > ${world.clock.nowMicros()}`.execute(
    world.shards.of(bucket).db,
  );
  const [found] = rows;
  const token = found === undefined ? undefined : await findLiveToken(world, found.id);
  if (found === undefined || token === undefined) return undefined;
  const asked = new Set(found.scope?.split(" "));
  const scopes = new Set<Scope>([...token.caller.scopes].filter((scope) => asked.has(scope)));
  if (scopes.size === 0) return undefined;
  const { writesOnly: _, ...caller } = token.caller;
  const narrowed = { ...caller, scopes, ...(scopes.has("files:read") ? {} : { writesOnly: true }) };
  return { id: found.id, caller: narrowed, lastUsedAt: token.lastUsedAt };
}
