import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { duration, shownDuration } from "./durations.ts";

const dayMs = 24 * 3600_000;

/** For how long what nobody needs any more is kept. Nothing that somebody needs goes, however old it is. */
export interface RetentionSettings {
  /** So many of the newest versions of each file stay, however old they are. */
  readonly versionsKept: number;
  /** Of the others those stay that were the newest at some time since. */
  readonly versionAgeMs: number;
  readonly trashMs: number;
  /** Of a block that nothing refers to: in its space, and once no space holds it in its cell. */
  readonly blocksMs: number;
  /** Of a block that is doomed: so long readers that found it before may still read it. */
  readonly doomedMs: number;
  /** Of a pack's object, after the last of its rows. */
  readonly packsMs: number;
  /** Of an upload session, after its last durable byte. */
  readonly sessionsMs: number;
  /** Of an account that its owner deleted: until it is shredded. */
  readonly graceMs: number;
  /** Of what is recorded in the audit. */
  readonly auditMs: number;
}

/** The settings by their names in the configuration file. */
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

/** Where nothing is said. */
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

/** How far back a rewind goes: everything that it needs (the trash, old versions, the journal) is kept for this long. */
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

/** For the limits of an account (`GET /account`): what bounds how long it can go on with something, or take it back. */
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

/** As they are written in the configuration: in the largest unit that leaves no rest. */
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
