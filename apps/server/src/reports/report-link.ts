import type { Clock, Random } from "@holdfast/core/clock";
import { bucketOf, makeId, type ReportId, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ReportReason } from "@holdfast/protocol/report-routes";
import { sql } from "kysely";
import type { SignInThrottle } from "../accounts/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/attempts.ts";
import { nobody } from "../accounts/directory.ts";
import { checkLines } from "../accounts/plain-text.ts";
import { digestOf, parseLinkToken } from "../accounts/secret-token.ts";
import { inTransaction } from "../db/database.ts";
import type { Shard, Shards } from "../db/shards.ts";
import { enqueue } from "../queue/enqueue.ts";

export interface ReportingWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly throttle: SignInThrottle;
  /** Something is due on the shard. */
  readonly kick: (shard: Shard) => void;
}

export interface WrittenReport {
  readonly token: string;
  readonly reason: ReportReason;
  readonly text?: string | undefined;
}

/** The name of the kind that tells administrators of a report. */
export const reportKind = "report";

/**
 * Keeps what somebody says of a link, unless there is no such link or enough wait already: whoever reports learns none of it, not by the time
 * it takes either, since one transaction writes a message in any case. Each counts by where it comes from.
 * @throws HoldfastError invalid_field, rate_limited
 */
export async function reportLink(world: ReportingWorld, written: WrittenReport, source: string): Promise<void> {
  const text = written.text === undefined ? null : checkLines(written.text, "text", limits.reportTextBytesMax);
  await guardAttempt(world.throttle, throttleKey("report", source), async () => {
    await keep(world, written, text);
    // To the throttle it is a failure: no report pays for the next one.
    return undefined;
  });
}

async function keep(world: ReportingWorld, { token, reason }: WrittenReport, text: string | null): Promise<void> {
  const linkId = parseLinkToken(token);
  const bucket = linkId === undefined ? toBucket(0) : bucketOf(linkId);
  const shard = world.shards.of(bucket);
  const id = makeId<ReportId>(bucket, world.clock.nowMs(), world.random(8));
  await inTransaction(shard.db, async (transaction) => {
    // By grants_id and reports_open_link.
    await sql`
      insert into shard.reports (space_id, id, link_id, node_id, reason, text, at)
      select g.space_id, ${id}, g.id, g.node_id, ${reason}, ${text}, ${world.clock.nowMicros()}
      from shard.grants g
      where g.id = ${linkId ?? nobody} and g.kind = 'link' and g.secret_hash = ${digestOf(token)} and (
        select count(*) from shard.reports r
        where r.space_id = g.space_id and r.link_id = g.id and r.resolved_at is null) < ${limits.reportsOpenMax}`.execute(
      transaction,
    );
    await enqueue(transaction, { kind: reportKind, payload: { report_id: id } });
  });
  world.kick(shard);
}
