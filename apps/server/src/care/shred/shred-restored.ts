import type { Disk } from "@holdfast/disk/disk";
import { sql } from "kysely";
import { findUser } from "../../features/accounts/context/directory.ts";
import { readShredAgain, removeShredAgain } from "../../base/data-folder/shred-again.ts";
import type { Log } from "../../base/operation/log.ts";
import { beginShredding, type ShreddingWorld } from "./ask-shredding.ts";
import { measureAccount } from "./measure-account.ts";

/**
 * Accounts that were shredded after the backup are suspended before anybody can sign in, and requested again for the
 * job. Can be repeated after a crash, because the list is deleted last.
 */
export async function shredRestored(world: ShreddingWorld, log: Log, disk: Disk, dataFolder: string): Promise<void> {
  for (const id of readShredAgain(dataFolder)) {
    const user = await findUser(world.shards, id);
    if (user === undefined) continue;
    const { db } = world.shards.ofId(id);
    await sql`update shard.users set disabled_at = coalesce(disabled_at, ${world.clock.nowMicros()}::int8)
      where id = ${id}`.execute(db);
    await sql`delete from shard.sessions where user_id = ${id}`.execute(db);
    await beginShredding(world, user, await measureAccount(world, user, world.clock.nowMicros()));
    log.warn({ user_id: id }, "a shredded account was restored from a backup and is shredded again");
  }
  await removeShredAgain(disk, dataFolder);
}
