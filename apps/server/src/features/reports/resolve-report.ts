import { HoldfastError } from "@holdfast/core/errors";
import { isId, type ReportId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { reportActions, type ReportAction, type ReportJson } from "@holdfast/protocol/report-routes";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { nobody } from "../accounts/context/directory.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { ReportRow } from "../../base/db/report-tables.ts";
import type { GrantRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { changeRights, type RightsChange, type RightsWorld } from "../sharing/change-rights.ts";
import { describeReport, findReport, noSuchReport } from "./list-reports.ts";

export interface ResolvingWorld {
  readonly accounts: AccountStore;
  readonly rights: RightsWorld;
}

/**
 * Executes an administrator's decision, then records it. After an interruption in between, the report is still open and
 * can be resolved again.
 * @throws HoldfastError not_found; conflict if a stronger action was already taken, and for the last administrator who
 * can sign in
 */
export async function resolveReport(
  { accounts, rights }: ResolvingWorld,
  actor: Pick<Actor, "userId" | "deviceId">,
  id: string,
  action: ReportAction,
): Promise<ReportJson> {
  const report = isId(id) ? await findReport(accounts.shards, id as ReportId) : undefined;
  if (report === undefined) throw noSuchReport(id);
  assertNotLess(report, action);
  if (action === "disable_link") {
    await changeRights(rights, report.space_id, actor, (change) => disableLink(change, report));
  }
  if (action === "suspend_account") {
    await updateUser(accounts, await findOwner(accounts, report.space_id), { disabled: true });
  }
  const { db } = accounts.shards.ofId(report.id);
  await note(db, report, { action, by: actor.userId, nowMicros: accounts.clock.nowMicros() });
  return describeReport(accounts.shards, report.id);
}

function assertNotLess({ action: done }: ReportRow, action: ReportAction): void {
  if (done === null || reportActions.indexOf(action) >= reportActions.indexOf(done)) return;
  throw new HoldfastError(
    "conflict",
    `action: this report was already resolved with ${done}. Choose ${done} again, or a stricter action.`,
    { field: "action" },
  );
}

async function disableLink({ transaction, space, nowMicros, notify }: RightsChange, report: ReportRow): Promise<void> {
  const { rows } = await sql<GrantRow>`
    update shard.grants set disabled_at = ${nowMicros}
    where space_id = ${space.id} and id = ${report.link_id} and kind = 'link' and disabled_at is null
    returning *`.execute(transaction);
  for (const grant of rows) await notify(grant);
}

async function findOwner({ shards }: AccountStore, spaceId: SpaceId): Promise<UserId> {
  const space = await shards
    .ofId(spaceId)
    .db.selectFrom("shard.spaces")
    .select("owner_id")
    .where("id", "=", spaceId)
    .executeTakeFirst();
  if (space === undefined) throw new HoldfastError("not_found", "The account no longer exists.");
  return space.owner_id;
}

/**
 * Records the stronger of two concurrent decisions. A disabled link also resolves its other reports. Indexes:
 * reports_open_link, primary key.
 */
async function note(
  db: ShardQueries,
  { space_id: spaceId, id, link_id: linkId }: ReportRow,
  { action, by, nowMicros }: { readonly action: ReportAction; readonly by: UserId; readonly nowMicros: number },
): Promise<void> {
  const milder = reportActions.slice(0, reportActions.indexOf(action));
  const resolve = sql`
    update shard.reports set action = ${action}, resolved_at = ${nowMicros}, resolved_by = ${by === nobody ? null : by}
    where space_id = ${spaceId}`;
  await sql`${resolve} and id = ${id} and (action is null or action = any(${milder}::text[]))`.execute(db);
  if (action === "disable_link") await sql`${resolve} and link_id = ${linkId} and resolved_at is null`.execute(db);
}
