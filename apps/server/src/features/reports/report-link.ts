import type { Clock, Random } from "@holdfast/core/clock";
import { bucketOf, makeId, type ReportId, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ReportReason } from "@holdfast/protocol/report-routes";
import { sql } from "kysely";
import type { SignInThrottle } from "../accounts/context/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/context/attempts.ts";
import { nobody } from "../accounts/context/directory.ts";
import { checkLines } from "../accounts/context/plain-text.ts";
import { digestOf, parseLinkToken } from "../accounts/context/secret-token.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

export interface ReportingWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly throttle: SignInThrottle;
  /** Called when a message of the shard is due. */
  readonly kick: (shard: Shard) => void;
}

export interface WrittenReport {
  readonly token: string;
  readonly reason: ReportReason;
  readonly text?: string | undefined;
}

export const reportKind = "report";

/**
 * Stores a report, unless the link is unknown or has too many reports. The reporter cannot find out, not even by timing:
 * one transaction always writes a message. Reports are limited by source.
 * @throws HoldfastError invalid_field, rate_limited
 */
export async function reportLink(world: ReportingWorld, written: WrittenReport, source: string): Promise<void> {
  const text = written.text === undefined ? null : checkLines(written.text, "text", limits.reportTextBytesMax);
  await guardAttempt(world.throttle, throttleKey("report", source), async () => {
    await keep(world, written, text);
    // Counts as a failure, so that a report never resets the throttle's count.
    return undefined;
  });
}

async function keep(world: ReportingWorld, { token, reason }: WrittenReport, text: string | null): Promise<void> {
  const linkId = parseLinkToken(token);
  const bucket = linkId === undefined ? toBucket(0) : bucketOf(linkId);
  const shard = world.shards.of(bucket);
  const id = makeId<ReportId>(bucket, world.clock.nowMs(), world.random(8));
  await inTransaction(shard.db, async (transaction) => {
    // Indexes: grants_id, reports_open_link.
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
