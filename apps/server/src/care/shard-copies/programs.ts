import { sql } from "kysely";
import { findClient, removeTokensOf } from "../../features/oauth/clients.ts";
import { copyKind, type CopiesWorld } from "./copy-kind.ts";

/** Tokens on the accounts' shards belong to programs (`oauth_clients`) on the first shard. */
export const repairPrograms = copyKind(findRemoved, async ({ shards }, id) => {
  await removeTokensOf(shards, id);
  return true;
});

async function* findRemoved({ shards }: CopiesWorld): AsyncGenerator<string> {
  const ids = new Set<string>();
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ id: string }>`
      select distinct client_id as id from shard.tokens where client_id is not null`.execute(db);
    for (const { id } of rows) ids.add(id);
  }
  for (const id of ids) if ((await findClient({ shards }, id)) === undefined) yield id;
}
