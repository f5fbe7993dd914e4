import { isId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";
import type { BackupPlace } from "./backup-place.ts";

/** Ids of shredded accounts, because older backups still contain these accounts. */
const shreddedPrefix = "shredded/";

type Place = Pick<BackupPlace, "store" | "box">;

/** Sealed, so that somebody who can only write there cannot make a restore remove an account. */
export async function noteShredded(place: Place, shards: Shards): Promise<void> {
  const known = new Set(await listKeys(place));
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ id: UserId }>`select user_id as id from shard.shreddings`.execute(db);
    for (const { id } of rows) {
      const key = `${shreddedPrefix}${id}`;
      if (!known.has(key)) await place.store.put(key, await place.box.seal(key, Buffer.from(id)));
    }
  }
}

/** @throws HoldfastError damaged if one was changed */
export async function readShredded(place: Place): Promise<UserId[]> {
  const ids: UserId[] = [];
  for (const key of await listKeys(place)) {
    const text = Buffer.from(await place.box.open(key, await place.store.get(key), idBytesMax)).toString("utf8");
    if (isId(text)) ids.push(text as UserId);
  }
  return ids;
}

const idBytesMax = 36;

async function listKeys({ store }: Place): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(shreddedPrefix)) keys.push(key);
  return keys;
}
