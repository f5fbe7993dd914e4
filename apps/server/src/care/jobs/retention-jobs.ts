import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { expireCredentials } from "../../features/accounts/sign-in/expire-credentials.ts";
import { expireLinkDownloads } from "../../features/links/count-download.ts";
import { expireMails } from "../../features/mail/mails-sent.ts";
import { sweepPurged } from "../../tree/commit/removal.ts";
import { expireBrakes } from "../suspensions/expire-brakes.ts";
import { expireUploads } from "../../features/uploads/remove-uploads.ts";
import { expireReports } from "../../features/reports/expire-reports.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";
import { giveUpBlocks, retainShard, type RetentionParts } from "./run-retention.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function retentionJobs(accounts: AccountWorld, parts: RetentionParts): PeriodicJob[] {
  const { shards, clock, settings } = parts;
  return [
    {
      name: "purge-sweep",
      everyMs: minuteMs,
      run: async (signal) => {
        for (const { db } of shards.all()) await sweepPurged(db, { nowMicros: clock.nowMicros(), signal });
      },
    },
    {
      name: "retention",
      everyMs: often(hourMs, settings.trashMs, settings.versionAgeMs, settings.blocksMs),
      run: async (signal) => {
        for (const shard of shards.all()) await retainShard(parts, shard, signal);
      },
    },
    {
      name: "give-up-blocks",
      // Reads all block lists of each affected space.
      everyMs: often(24 * hourMs, settings.blocksMs),
      run: async (signal) => {
        for (const shard of shards.all()) await giveUpBlocks(parts, shard, signal);
      },
    },
    {
      name: "expire-uploads",
      everyMs: often(hourMs, settings.sessionsMs),
      run: async (signal) => void (await expireUploads({ shards, clock }, signal)),
    },
    {
      name: "expire-link-downloads",
      everyMs: hourMs,
      run: () => expireLinkDownloads({ shards, nowMicros: clock.nowMicros() }),
    },
    { name: "expire-reports", everyMs: hourMs, run: () => expireReports(shards, clock.nowMicros()) },
    { name: "expire-brakes", everyMs: 24 * hourMs, run: () => expireBrakes(shards, clock.nowMicros()) },
    { name: "expire-mails", everyMs: hourMs, run: () => expireMails({ shards, clock }) },
    { name: "expire-credentials", everyMs: hourMs, run: async () => void (await expireCredentials(accounts)) },
  ];
}

/** Shorter than usual for short lifetimes. */
export function often(usualMs: number, ...lifetimesMs: readonly number[]): number {
  return Math.max(minuteMs, Math.min(usualMs, ...lifetimesMs.map((lifetimeMs) => lifetimeMs / 4)));
}
