import { toHoldfastError } from "@holdfast/core/errors";
import { within } from "../within.ts";

/** Rejects or hangs while its subject fails. */
export type Probe = () => Promise<void>;

export interface Readiness {
  readonly ready: boolean;
  /** Result of each probe and notice: `ok` or the problem. */
  readonly checks: Readonly<Record<string, string>>;
}

const probeTimeoutMs = 2000;
/** Cached, so that load balancers put no load on the database. */
const freshMs = 500;

/**
 * @param nowMs monotonic
 * @param notices results beside the probes that do not affect readiness
 */
export function openReadiness(
  probes: Readonly<Record<string, Probe>>,
  nowMs: () => number,
  notices: Readonly<Record<string, Probe>> = {},
): () => Promise<Readiness> {
  let last: { readonly atMs: number; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    if (last === undefined || nowMs() - last.atMs > freshMs) last = { atMs: nowMs(), answer: ask(probes, notices) };
    return last.answer;
  };
}

async function ask(
  probes: Readonly<Record<string, Probe>>,
  notices: Readonly<Record<string, Probe>>,
): Promise<Readiness> {
  const [results, noticed] = await Promise.all([outcomesOf(probes), outcomesOf(notices)]);
  const ready = results.every(([, outcome]) => outcome === "ok");
  return { ready, checks: Object.fromEntries([...results, ...noticed]) };
}

function outcomesOf(probes: Readonly<Record<string, Probe>>): Promise<(readonly [string, string])[]> {
  return Promise.all(Object.entries(probes).map(async ([name, probe]) => [name, await outcomeOf(probe)] as const));
}

async function outcomeOf(probe: Probe): Promise<string> {
  const late = `no answer within ${probeTimeoutMs / 1000} s`;
  try {
    return await within(
      probeTimeoutMs,
      probe().then(() => "ok"),
      () => late,
    );
  } catch (error) {
    return toHoldfastError(error).message;
  }
}
