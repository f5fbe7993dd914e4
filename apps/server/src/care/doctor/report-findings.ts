import { toBucket } from "@holdfast/core/ids";
import { findAdministrators } from "../../features/accounts/people/administrators.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { notify } from "../../features/notifications/notify.ts";
import type { CheckName } from "./diagnose.ts";
import type { Finding, FindingState } from "./finding.ts";
import { nextReport, type StateChange, noReports, worse } from "./heed-finding.ts";
import { type KeptFinding, readFindings, readLastRun, writeFindings } from "./keep-findings.ts";

/**
 * Repeated by a running server. `versions` and `open_files` are constant and for the operator, `sync` loads the disk
 * and is slow under load, and the log reports `proxy`.
 */
const isWatched: Readonly<Record<CheckName, boolean>> = {
  disk: true,
  database: true,
  keys: true,
  store: true,
  metadata: true,
  blocks: true,
  jobs: true,
  audit: true,
  backup: true,
  certificate: true,
  issuer: true,
  ldap: true,
  versions: false,
  open_files: false,
  sync: false,
  proxy: false,
};
export const watchedChecks = (Object.keys(isWatched) as CheckName[]).filter((name) => isWatched[name]);

export interface FindingsWorld {
  readonly shards: Shards;
  readonly clock: { nowMicros(): number };
  readonly examine: (name: CheckName) => Promise<readonly Finding[]>;
  /** Called when a message of the shard is due. */
  readonly kick: (shard: Shard) => void;
}

/** One of several processes skips a run that follows another's too soon. */
const periodShareMin = 0.8;

/**
 * Runs all checks unless another process has just done so. Stores the findings, and notifies administrators of news.
 */
export async function reportFindings(world: FindingsWorld, periodMs: number, signal: AbortSignal): Promise<void> {
  const { shards, clock, kick } = world;
  const shard = shards.of(toBucket(0));
  const last = await readLastRun(shard.db);
  const sinceMs = last === undefined ? Infinity : (clock.nowMicros() - last) / 1000;
  // A clock that was set back must not prevent the run.
  if (sinceMs >= 0 && sinceMs < periodMs * periodShareMin) return;
  const results: CheckResult[] = [];
  for (const source of watchedChecks) {
    const findings = await unlessAborted(world.examine, source, signal);
    if (findings === undefined) return;
    results.push({ source, findings });
  }
  const administrators = await findAdministrators(shards);
  const nowMicros = clock.nowMicros();
  const isReported = await inTransaction(shard.db, async (transaction) => {
    const { kept, news } = compare(await readFindings(transaction), results);
    await writeFindings(transaction, kept, nowMicros);
    for (const each of news) await notifyAll(transaction, administrators, each, nowMicros);
    return news.length > 0;
  });
  if (isReported) kick(shard);
}

/** A hanging check must not delay a stop. @returns undefined after an abort */
async function unlessAborted(
  examine: FindingsWorld["examine"],
  name: CheckName,
  signal: AbortSignal,
): Promise<readonly Finding[] | undefined> {
  if (signal.aborted) return undefined;
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const abort = () => resolve(undefined);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([examine(name), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

export interface CheckResult {
  readonly source: CheckName;
  readonly findings: readonly Finding[];
}

export interface News extends StateChange {
  readonly check: string;
  /** Null: nothing to add. */
  readonly detail: string | null;
  readonly advice: string | null;
  /** Earlier problem of a recovered finding. */
  readonly was: string;
}

/** @param before all stored findings */
export function compare(
  before: readonly KeptFinding[],
  results: readonly CheckResult[],
): { kept: KeptFinding[]; news: News[] } {
  const known = new Map(before.map((each) => [keyOf(each), each]));
  const kept: KeptFinding[] = [];
  const news: News[] = [];
  for (const { source, findings } of results) {
    const gone = new Map([...known].filter(([, each]) => each.source === source));
    for (const finding of united(findings)) {
      const name = { source, check: finding.check, subject: subjectOf(finding) };
      gone.delete(keyOf(name));
      const { said, history: seen } = known.get(keyOf(name)) ?? { said: "", history: noReports };
      const { history, report } = nextReport(seen, { state: finding.state, urgency: finding.urgency ?? "usual" });
      const { check, detail, advice } = finding;
      if (report !== undefined) news.push({ ...report, check, detail, advice, was: said });
      const isReported = report !== undefined && report.to !== "ok";
      kept.push({ ...name, history, said: isReported ? detail.slice(0, saidCharactersMax).toWellFormed() : said });
    }
    // A missing finding has recovered, unless the check failed.
    const isWhole = findings.every(({ state }) => state !== "fail");
    for (const each of gone.values()) {
      const { history, report } = isWhole
        ? nextReport(each.history, { state: "ok", urgency: "usual" })
        : { history: each.history };
      if (report !== undefined) news.push({ ...report, check: each.check, detail: null, advice: null, was: each.said });
      if (!isWhole || !isForgotten(history)) kept.push({ ...each, history });
    }
  }
  return { kept, news };
}

const subjectCharactersMax = 300;
const saidCharactersMax = 1000;

function subjectOf({ subject = "" }: Finding): string {
  return subject.slice(0, subjectCharactersMax).toWellFormed();
}

function keyOf({ source, check, subject }: Pick<KeptFinding, "source" | "check" | "subject">): string {
  return JSON.stringify([source, check, subject]);
}

/** Keeps the worst state of one subject. */
function united(findings: readonly Finding[]): Finding[] {
  const found = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.check, subjectOf(finding)]);
    const other = found.get(key);
    found.set(key, other === undefined ? finding : both(other, finding));
  }
  return [...found.values()];
}

function both(left: Finding, right: Finding): Finding {
  const state: FindingState = worse(left.state, right.state);
  const worst = [left, right].filter((each) => each.state === state);
  const advice = worst.flatMap((each) => each.advice ?? []).join(" ");
  return {
    ...(worst[0] ?? left),
    detail: worst.map(({ detail }) => detail).join("; "),
    advice: advice === "" ? null : advice,
  };
}

/** True if the state does not affect later runs. */
function isForgotten({ told, warnTold, failTold }: KeptFinding["history"]): boolean {
  return told === "ok" && warnTold === null && failTold === null;
}

async function notifyAll(
  transaction: ShardQueries,
  administrators: readonly Parameters<typeof notify>[1]["userId"][],
  { check, from, to, detail, advice, was }: News,
  atMicros: number,
): Promise<void> {
  const payload = { check, state: to, before: from, detail, advice, ...(to === "ok" ? { was } : {}) };
  for (const userId of administrators)
    await notify(transaction, { userId, kind: "server", actor: null, nodeId: null, atMicros, detail: payload });
}
