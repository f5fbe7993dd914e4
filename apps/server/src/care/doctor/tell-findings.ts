import { toBucket } from "@holdfast/core/ids";
import { findAdministrators } from "../../features/accounts/people/administrators.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardReader } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { notify } from "../../features/notifications/notify.ts";
import type { CheckName } from "./diagnose.ts";
import type { Finding, FindingState } from "./finding.ts";
import { heed, type Telling, unheeded, worse } from "./heed-finding.ts";
import { type KeptFinding, readFindings, readLastLook, writeFindings } from "./keep-findings.ts";

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

export interface TellingWorld {
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
export async function tellFindings(world: TellingWorld, periodMs: number, signal: AbortSignal): Promise<void> {
  const { shards, clock, kick } = world;
  const shard = shards.of(toBucket(0));
  const last = await readLastLook(shard.db);
  const sinceMs = last === undefined ? Infinity : (clock.nowMicros() - last) / 1000;
  // A clock that was set back must not prevent the run.
  if (sinceMs >= 0 && sinceMs < periodMs * periodShareMin) return;
  const looks: Look[] = [];
  for (const source of watchedChecks) {
    const findings = await unlessAborted(world.examine, source, signal);
    if (findings === undefined) return;
    looks.push({ source, findings });
  }
  const administrators = await findAdministrators(shards);
  const nowMicros = clock.nowMicros();
  const isTold = await inTransaction(shard.db, async (transaction) => {
    const { kept, news } = compare(await readFindings(transaction), looks);
    await writeFindings(transaction, kept, nowMicros);
    for (const each of news) await tellAll(transaction, administrators, each, nowMicros);
    return news.length > 0;
  });
  if (isTold) kick(shard);
}

/** A hanging check must not delay a stop. @returns undefined after an abort */
async function unlessAborted(
  examine: TellingWorld["examine"],
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

export interface Look {
  readonly source: CheckName;
  readonly findings: readonly Finding[];
}

export interface News extends Telling {
  readonly check: string;
  /** Null: nothing to add. */
  readonly detail: string | null;
  readonly advice: string | null;
  /** Earlier problem of a recovered finding. */
  readonly was: string;
}

/** @param before all stored findings */
export function compare(before: readonly KeptFinding[], looks: readonly Look[]): { kept: KeptFinding[]; news: News[] } {
  const known = new Map(before.map((each) => [keyOf(each), each]));
  const kept: KeptFinding[] = [];
  const news: News[] = [];
  for (const { source, findings } of looks) {
    const gone = new Map([...known].filter(([, each]) => each.source === source));
    for (const finding of united(findings)) {
      const name = { source, check: finding.check, subject: subjectOf(finding) };
      gone.delete(keyOf(name));
      const { said, heeded: seen } = known.get(keyOf(name)) ?? { said: "", heeded: unheeded };
      const { heeded, tell } = heed(seen, { state: finding.state, urgency: finding.urgency ?? "usual" });
      const { check, detail, advice } = finding;
      if (tell !== undefined) news.push({ ...tell, check, detail, advice, was: said });
      const isTold = tell !== undefined && tell.to !== "ok";
      kept.push({ ...name, heeded, said: isTold ? detail.slice(0, saidCharactersMax).toWellFormed() : said });
    }
    // A missing finding has recovered, unless the check failed.
    const isWhole = findings.every(({ state }) => state !== "fail");
    for (const each of gone.values()) {
      const { heeded, tell } = isWhole ? heed(each.heeded, { state: "ok", urgency: "usual" }) : { heeded: each.heeded };
      if (tell !== undefined) news.push({ ...tell, check: each.check, detail: null, advice: null, was: each.said });
      if (!isWhole || !isForgotten(heeded)) kept.push({ ...each, heeded });
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
function isForgotten({ told, warnTold, failTold }: KeptFinding["heeded"]): boolean {
  return told === "ok" && warnTold === null && failTold === null;
}

async function tellAll(
  transaction: ShardReader,
  administrators: readonly Parameters<typeof notify>[1]["userId"][],
  { check, from, to, detail, advice, was }: News,
  atMicros: number,
): Promise<void> {
  const told = { check, state: to, before: from, detail, advice, ...(to === "ok" ? { was } : {}) };
  for (const userId of administrators)
    await notify(transaction, { userId, kind: "server", actor: null, nodeId: null, atMicros, detail: told });
}
