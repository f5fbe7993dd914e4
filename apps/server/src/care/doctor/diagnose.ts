import { toHoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { within } from "../../base/within.ts";
import { checkAudit } from "./check-audit.ts";
import { checkBackup } from "./check-backup.ts";
import { checkCertificate } from "./check-certificate.ts";
import { checkDatabases } from "./check-databases.ts";
import { checkDisks } from "./check-disks.ts";
import { checkIssuer } from "./check-issuer.ts";
import { checkKeys } from "./check-keys.ts";
import { checkLdap } from "./check-ldap.ts";
import { checkMetadata } from "./check-metadata.ts";
import { checkOpenFiles, checkVersions } from "./check-process.ts";
import { checkProxy } from "./check-proxy.ts";
import { checkStores } from "./check-stores.ts";
import { checkSync } from "./check-sync.ts";
import { checkBlocks, checkJobs } from "./check-work.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding } from "./finding.ts";

type Check = (world: DoctorWorld) => Promise<Finding[]>;

/** By name, under which a failing check is reported. */
const checks = {
  versions: checkVersions,
  disk: checkDisks,
  sync: checkSync,
  open_files: checkOpenFiles,
  database: checkDatabases,
  keys: checkKeys,
  store: checkStores,
  metadata: checkMetadata,
  blocks: checkBlocks,
  jobs: checkJobs,
  audit: checkAudit,
  issuer: checkIssuer,
  ldap: checkLdap,
  backup: checkBackup,
  certificate: checkCertificate,
  proxy: checkProxy,
} as const satisfies Readonly<Record<string, Check>>;

export type CheckName = keyof typeof checks;

const checkTimeoutMs = 20_000;
/** Longer than the default interval of the periodic checks. */
const recentMs = 15 * 60_000;

interface DiagnoseOptions {
  readonly known?: readonly Finding[];
  /** Does not repeat checks of the last 15 minutes. */
  readonly recent?: boolean;
}

/** One by one, without lasting changes. */
export async function diagnose(
  world: DoctorWorld,
  { known = [], recent = false }: DiagnoseOptions = {},
): Promise<DiagnosisJson> {
  const found: Finding[] = [...known];
  let oldestMicros = world.clock.nowMicros();
  for (const name of Object.keys(checks) as CheckName[]) {
    const last = world.lastChecks?.get(name);
    const isKept = recent && last !== undefined && isRecent(last.atMicros, world.clock.nowMicros());
    found.push(...(isKept ? last.findings : await examine(world, name)));
    if (isKept) oldestMicros = Math.min(oldestMicros, last.atMicros);
  }
  const items = found.map(({ check, state, detail, advice }) => ({ check, state, detail, advice }));
  return { state: worstOf(items), checked_at: formatTime(oldestMicros), items };
}

/** False for times in the future, which the clock had before it was set back. */
function isRecent(atMicros: number, nowMicros: number): boolean {
  return atMicros <= nowMicros && nowMicros - atMicros < recentMs * 1000;
}

/**
 * A failure or timeout is also a finding.
 * @param hanging earlier checks that have not ended; they are not started again
 */
export async function examine(
  world: DoctorWorld,
  name: CheckName,
  hanging: Set<CheckName> = new Set(),
): Promise<Finding[]> {
  const atMicros = world.clock.nowMicros();
  const findings = await runCheck(world, name, hanging);
  world.lastChecks?.set(name, { atMicros, findings });
  return findings;
}

async function runCheck(world: DoctorWorld, name: CheckName, hanging: Set<CheckName>): Promise<Finding[]> {
  if (hanging.has(name))
    return [fail(name, "an earlier check has not finished yet", "Check whether its disk or its database hangs.")];
  hanging.add(name);
  const checking = checks[name](world)
    .then((findings) => findings.map((finding) => withoutOnlyPlace(world, finding)))
    .finally(() => hanging.delete(name));
  const detail = `no answer within ${checkTimeoutMs / 1000} s`;
  const advice = "Check whether it hangs, then run this command again.";
  try {
    return await within(checkTimeoutMs, checking, () => [fail(name, detail, advice)]);
  } catch (error) {
    const { message } = toHoldfastError(error);
    return [fail(name, message, "Fix the reported problem, then run this command again.")];
  }
}

/**
 * Removes shard and cell names on a server with one database and one store, whose administrator has never named them.
 */
export function withoutOnlyPlace({ shards, cells }: Pick<DoctorWorld, "shards" | "cells">, finding: Finding): Finding {
  if (shards.length > 1 || cells.length > 1) return finding;
  const names = [...shards.map(({ id }) => `shard ${id}`), ...cells.map(({ id }) => `cell ${id}`)];
  const detail = names.reduce(
    (text, name) =>
      text
        .replace(`the store of ${name}`, "the store")
        .replace(`that opens ${name}`, "that opens the store")
        .replace(`${name}: `, "")
        .replace(`${name}, `, ""),
    finding.detail,
  );
  return { ...finding, detail };
}

function worstOf(items: readonly Pick<Finding, "state">[]): DiagnosisJson["state"] {
  const states = new Set(items.map(({ state }) => state));
  if (states.has("fail")) return "fail";
  return states.has("warn") ? "warn" : "ok";
}
