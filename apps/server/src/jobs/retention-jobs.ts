import type { Clock } from "@holdfast/core/clock";
import type { AccountWorld } from "../accounts/account-world.ts";
import { expireCredentials } from "../accounts/expire-credentials.ts";
import { expireLinkDownloads } from "../links/count-download.ts";
import { expireMails } from "../mail/mails-sent.ts";
import { sweepPurged } from "../metadata/trash/removal.ts";
import {
  expireEvents,
  expireJournal,
  expireOperations,
  expireSegments,
  expireStaged,
  expireTrash,
  pruneVersions,
} from "../metadata/retention/retention.ts";
import { expireUploads } from "../uploads/remove-uploads.ts";
import { expireDeadMessages, expireTasks } from "../queue/expire-messages.ts";
import { expireRewinds } from "../rewind/expire-rewinds.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

const hourMs = 3600_000;

/** What is kept for a time and no longer, on every shard. */
export function retentionJobs(accounts: AccountWorld, clock: Clock): PeriodicJob[] {
  const { shards } = accounts;
  return [
    {
      name: "purge-sweep",
      everyMs: 60_000,
      run: async (signal) => {
        for (const { db } of shards.all()) await sweepPurged(db, { nowMicros: clock.nowMicros(), signal });
      },
    },
    {
      name: "retention",
      everyMs: hourMs,
      run: async (signal) => {
        for (const { db } of shards.all()) {
          const job = { db, nowMicros: clock.nowMicros(), signal };
          await expireOperations(job);
          await expireTrash(job);
          await pruneVersions(job);
          await expireSegments(job);
          await expireStaged(job);
          await expireJournal(job);
          await expireEvents(job);
          await expireDeadMessages(job);
          await expireTasks(job);
          await expireRewinds(job);
        }
      },
    },
    {
      name: "expire-uploads",
      everyMs: hourMs,
      run: async (signal) => void (await expireUploads({ shards, clock }, signal)),
    },
    {
      name: "expire-link-downloads",
      everyMs: hourMs,
      run: () => expireLinkDownloads({ shards, nowMicros: clock.nowMicros() }),
    },
    { name: "expire-mails", everyMs: hourMs, run: () => expireMails({ shards, clock }) },
    { name: "expire-credentials", everyMs: hourMs, run: async () => void (await expireCredentials(accounts)) },
  ];
}
