import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { recordEvent } from "../activity/record-event.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GrantRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { notifyWatchers } from "../watches/notify-watchers.ts";
import { isOfApp } from "./is-of-app.ts";
import type { SharingWorld } from "./sharing-world.ts";

interface Change {
  readonly spaceId: SpaceId;
  readonly actor: Pick<Actor, "userId" | "deviceId">;
  readonly nowMicros: number;
}

/**
 * Reports to activity lists and watchers, in the same transaction. Grantees are notified on their own shard
 * (`deliver.ts`).
 */
export async function reportRights(
  world: Pick<SharingWorld, "clock" | "random">,
  transaction: ShardQueries,
  { spaceId, actor, nowMicros }: Change,
  grants: readonly GrantRow[],
): Promise<void> {
  if (grants.length === 0) return;
  const ids = grants.map((grant) => grant.id);
  // Index: primary key.
  const { rows } = await sql<Pick<GrantRow, "id">>`
    select id from shard.grants
    where space_id = ${spaceId} and id = any(${uuidArray(ids)}) and disabled_at is null`.execute(transaction);
  const live = new Set(rows.map(({ id }) => id));
  for (const grant of grants) {
    const { id, node_id: nodeId, kind, email, role, created_by: giver, grantee_id: grantee } = grant;
    const verb = verbOf(kind, live.has(id));
    // The giver counts as the actor of a pending grant that its account claims.
    const by = verb === "shared" && grantee === actor.userId ? giver : actor.userId;
    const app = isOfApp(grant) ? { app_password: true } : {};
    const detail = { permission_id: id, kind, role, ...(email === null ? {} : { email }), ...app };
    const event = { spaceId, nodeId, verb, actor: by, deviceId: actor.deviceId, detail } as const;
    await recordEvent(transaction, world, { ...event, atMicros: nowMicros });
    await notifyWatchers(transaction, { spaceId, nodeId, verb, actor: by, atMicros: nowMicros });
  }
}

function verbOf(kind: GrantRow["kind"], isLive: boolean): "shared" | "linked" | "unshared" {
  if (!isLive) return "unshared";
  return kind === "link" ? "linked" : "shared";
}
