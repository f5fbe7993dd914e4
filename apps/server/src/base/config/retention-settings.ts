import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { duration, shownDuration } from "./durations.ts";

const dayMs = 24 * 3600_000;

/** Retention of deleted and outdated data. Current data never expires. */
export interface RetentionSettings {
  /** Newest versions of each file, which are kept regardless of age. */
  readonly versionsKept: number;
  /** Other versions are kept if they were the newest at some time in this period. */
  readonly versionAgeMs: number;
  readonly trashMs: number;
  /** Blocks without references: first in their space, then in the cell when no space has them. */
  readonly blocksMs: number;
  /** Readers that found a block before its deletion may still read it this long. */
  readonly doomedMs: number;
  /** A pack's object, after its last row was deleted. */
  readonly packsMs: number;
  /** Upload sessions, after their last durable byte. */
  readonly sessionsMs: number;
  /** Accounts that their owners deleted, until they are shredded. */
  readonly graceMs: number;
  readonly auditMs: number;
}

/** Names in the configuration file. */
export const retentionOptions = {
  retention_versions: z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : value),
    z.int().min(1).max(1_000_000),
  ),
  retention_version_age: duration,
  retention_trash: duration,
  retention_blocks: duration,
  retention_doomed: duration,
  retention_packs: duration,
  retention_sessions: duration,
  retention_audit: duration,
  account_grace: duration,
} as const satisfies Record<string, z.ZodType>;

type RetentionOptions = {
  readonly [Name in keyof typeof retentionOptions]?: z.output<(typeof retentionOptions)[Name]>;
};

/** Defaults. */
export const retentionUsual: RetentionSettings = {
  versionsKept: 30,
  versionAgeMs: 30 * dayMs,
  trashMs: 30 * dayMs,
  blocksMs: 7 * dayMs,
  doomedMs: dayMs,
  packsMs: 7 * dayMs,
  sessionsMs: 7 * dayMs,
  auditMs: 365 * dayMs,
  graceMs: 30 * dayMs,
};

/** Longest rewind. The trash, old versions and the journal are all kept for this time. */
export function rewindReachMs({ trashMs, versionAgeMs }: RetentionSettings): number {
  return Math.min(trashMs, versionAgeMs, limits.journalLifetimeMs);
}

export function retentionOf(options: RetentionOptions): RetentionSettings {
  return {
    versionsKept: options.retention_versions ?? retentionUsual.versionsKept,
    versionAgeMs: options.retention_version_age ?? retentionUsual.versionAgeMs,
    trashMs: options.retention_trash ?? retentionUsual.trashMs,
    blocksMs: options.retention_blocks ?? retentionUsual.blocksMs,
    doomedMs: options.retention_doomed ?? retentionUsual.doomedMs,
    packsMs: options.retention_packs ?? retentionUsual.packsMs,
    sessionsMs: options.retention_sessions ?? retentionUsual.sessionsMs,
    auditMs: options.retention_audit ?? retentionUsual.auditMs,
    graceMs: options.account_grace ?? retentionUsual.graceMs,
  };
}

/** For `GET /account`: how long a user can continue or undo something. */
export function shownLifetimes(settings: RetentionSettings): Readonly<Record<string, number>> {
  return {
    trash_lifetime_ms: settings.trashMs,
    version_lifetime_ms: settings.versionAgeMs,
    versions_kept_min: settings.versionsKept,
    rewind_reach_ms: rewindReachMs(settings),
    upload_lifetime_ms: settings.sessionsMs,
    account_grace_ms: settings.graceMs,
  };
}

export function shownRetention(settings: RetentionSettings): Readonly<Record<keyof typeof retentionOptions, unknown>> {
  return {
    retention_versions: settings.versionsKept,
    retention_version_age: shownDuration(settings.versionAgeMs),
    retention_trash: shownDuration(settings.trashMs),
    retention_blocks: shownDuration(settings.blocksMs),
    retention_doomed: shownDuration(settings.doomedMs),
    retention_packs: shownDuration(settings.packsMs),
    retention_sessions: shownDuration(settings.sessionsMs),
    retention_audit: shownDuration(settings.auditMs),
    account_grace: shownDuration(settings.graceMs),
  };
}
