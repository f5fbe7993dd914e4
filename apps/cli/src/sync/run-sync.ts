import { backoffMs, withEqualJitter } from "@holdfast/core/backoff";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import type { Run } from "../invocation/run.ts";
import { type Connection, thisConfigFolder } from "../config/connection.ts";
import { leaveFirstSignals } from "../invocation/first-signals.ts";
import { interruptedExitCode } from "../invocation/interruption.ts";
import { shellWord } from "@holdfast/core/shell-word";
import { count } from "../output/text.ts";
import { openClientEngine } from "./client-engine.ts";
import type { ClientEngine } from "./client-engine.ts";
import { brakeOffText } from "./brake-line.ts";
import { healOnce, keepHealing } from "./heal-damaged.ts";
import type { KnownSync } from "./known-syncs.ts";
import { agreeOnSync, holdRoot, recordFor } from "./open-sync.ts";
import type { HeldRoot, SyncChoices } from "./open-sync.ts";
import { startOf } from "./full-disk-advice.ts";
import { arrivesPrivate } from "../remote/look-up.ts";
import { ensureRemoteFolder } from "./remote-folder.ts";
import { groupedProblems } from "./problem-lines.ts";
import type { RecentChange } from "@holdfast/sync/loop/reports/progress";
import type { NewlyHidden } from "@holdfast/sync/rules/newly-hidden";
import { listenWhilePaused } from "./listen-while-paused.ts";
import { RunningSync } from "./running-sync.ts";
import { readShareOwners, ShareOwners } from "./share-owners.ts";
import { SyncReporter } from "./sync-reporter.ts";
import { reportMissing } from "./report-missing.ts";
import { runWatched } from "./watch-root.ts";

/**
 * Time to finish current work. The process then ends as if killed, which does no damage. Before the engine starts, only
 * requests can be in progress.
 */
const stopPatienceMs = { asking: 250, underWay: 3500 };
/** One Ctrl-C arrives twice below npx: from the terminal, and from the shell between. */
const sameSignalMs = 500;
const backoff = { firstMs: 1000, maxMs: 60_000 };

export async function runSync(run: Run, choices: SyncChoices): Promise<void> {
  const signals = listenForSignals(run, choices.isOnce);
  let held: HeldRoot | undefined;
  try {
    held = await holdRoot(choices.folder, thisConfigFolder(run.context.environment), async (root) => {
      const connection = await run.connect();
      const { remote_id } = await recordFor({ root, known: undefined }, connection, choices, ensureRemoteFolder);
      const { client } = connection;
      return arrivesPrivate(client, await client.call("getNode", { params: { id: remote_id } }));
    });
    await syncHeld(run, held, choices, signals);
  } catch (thrown) {
    const isSignedOut = thrown instanceof HoldfastError && thrown.code === "unauthenticated";
    if (!isSignedOut) throw thrown;
    if (await obey(run, held)) throw new HoldfastError("unauthenticated", signedOut);
    throw choices.isOnce ? thrown : startAgain(thrown, held?.root ?? choices.folder);
  } finally {
    held?.release();
    signals.end();
  }
}

/** A new login does not restart a sync that has ended. */
function startAgain({ message, body }: HoldfastError, root: string): HoldfastError {
  return new HoldfastError("unauthenticated", `${message} Then start the sync with: holdfast sync ${shellWord(root)}`, {
    body,
  });
}

/** Replaces a request to sign in, because nobody should sign in while the copies are removed. */
const signedOut = "This device was signed out from another one of your devices.";

/** Reports the reason before clearing, which takes time. @returns true if the account ordered it */
async function obey(run: Run, held: HeldRoot | undefined): Promise<boolean> {
  const { clearIfAsked } = await import("./clear-copies.ts");
  let isAsked = false;
  await clearIfAsked(run, held?.root, () => {
    isAsked = true;
    run.output.note(`sync: ${signedOut}`);
  });
  return isAsked;
}

async function syncHeld(run: Run, held: HeldRoot, choices: SyncChoices, signals: Signals): Promise<void> {
  const { stopped } = signals;
  const reporter = new SyncReporter(run.output, run.context.stderr, {
    nowMs: () => performance.now(),
    unixMs: () => Date.now(),
    logs: choices.logs,
    isOnce: choices.isOnce,
  });
  signals.onStopping(() => reporter.stopping());
  const connection = await run.connect();
  const hears = {
    onDone: (change: RecentChange): void => running.done(change),
    onHidden: (hidden: NewlyHidden): void => running.hidden(hidden),
  };
  const reach = async (agreed?: KnownSync): Promise<Reached> => {
    // Uses changes since the start, such as a pause.
    const now = { ...held, known: { folder: running.folder, record: running.record } };
    const sync = agreed ?? (await agreeOnSync(now, connection, choices));
    return { sync, engine: await openClientEngine(sync, connection, running.limits, hears) };
  };
  // A new sync, or one with --once, needs the server immediately.
  const isPatient = held.known !== undefined && !choices.isOnce;
  const first = isPatient ? undefined : await agreeOnSync(held, connection, choices);
  const known = first ?? held.known;
  if (known === undefined) throw new HoldfastError("internal", "There is no sync to run.");
  const running = new RunningSync(known, reporter, {
    configFolder: connection.configFolder,
    limits: choices.limits,
    own: choices.own,
    owners: new ShareOwners(() => readShareOwners(connection.client, running.record.remote)),
    start: startOf(known.record.root, run.context.environment, {
      isOnce: choices.isOnce,
      isTerminal: run.context.stderr.isTTY === true,
    }),
  });
  let reached: Reached | undefined;
  try {
    await running.listen();
    reporter.begin(known.record.root, running.pageUrl);
    reached = first === undefined ? await untilReached(reach, running, stopped) : await reach(first);
    if (reached === undefined) return;
    const { record } = reached.sync;
    if (record.brake === "off") run.output.note(`sync: ${brakeOffText(record.root)}`);
    signals.begin();
    await follow(run, { ...reached, running, choices, stopped, connection });
  } finally {
    await running.end();
    await reached?.engine.close();
  }
}

interface Reached {
  readonly sync: KnownSync;
  readonly engine: ClientEngine;
}

/** @returns undefined if stopped before the server responded */
async function untilReached(
  reach: () => Promise<Reached>,
  running: RunningSync,
  stopped: AbortSignal,
): Promise<Reached | undefined> {
  for (let failures = 1; !stopped.aborted; failures += 1) {
    try {
      const reached = await reach();
      running.remark([]);
      return reached;
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || !thrown.retryable) throw thrown;
      running.remark([{ path: "", code: thrown.code, message: thrown.message }]);
    }
    const delayMs = withEqualJitter(backoffMs(backoff, failures), Math.random());
    await delay(delayMs, undefined, { signal: stopped }).catch(() => undefined);
  }
  return undefined;
}

interface Following extends Reached {
  readonly running: RunningSync;
  readonly choices: SyncChoices;
  readonly stopped: AbortSignal;
  readonly connection: Connection;
}

async function follow(run: Run, following: Following): Promise<void> {
  const { running, engine, sync, choices, stopped, connection } = following;
  await reportMissing(run, sync.record, connection.client, choices.excludes);
  running.begin(engine, sync.record);
  const stop = (): void => engine.engine.stop();
  const over = new AbortController();
  const end = AbortSignal.any([stopped, connection.ended]);
  end.addEventListener("abort", stop);
  if (end.aborted) stop();
  const isPaused = (): boolean => engine.engine.phase === "paused";
  const listening = listenWhilePaused(connection, isPaused, AbortSignal.any([end, over.signal]));
  try {
    engine.engine.include(choices.includes);
    engine.engine.exclude(choices.excludes, { freeSpace: choices.freesSpace });
    engine.engine.exclude(choices.own);
    if (choices.confirmsDeletes) await running.approveDeletions(running.waitingDeletions().map(({ id }) => id));
    if (choices.isOnce) return await syncOnce(run, running, engine, stopped);
    await runHealing(run, engine, stopped, () =>
      runWatched(sync.record.root, engine.engine, (problems) => running.remark(problems), choices.own),
    );
    connection.ended.throwIfAborted();
    const { refusal } = engine.engine.status();
    if (refusal !== undefined) throw new HoldfastError("failed", refusal);
  } finally {
    end.removeEventListener("abort", stop);
    over.abort();
    await listening;
  }
}

/** Runs beside the engine and does not change its state. */
async function runHealing(
  run: Run,
  { engine, heal }: ClientEngine,
  stopped: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const wait = (delayMs: number, signal: AbortSignal): Promise<unknown> =>
    delay(delayMs, undefined, { signal }).catch(() => undefined);
  const isWanted = (): boolean => engine.phase !== "paused";
  const healing = keepHealing(
    { heal, isWanted, note: (message) => run.output.note(message), wait },
    AbortSignal.any([stopped, over.signal]),
  );
  try {
    await work();
  } finally {
    over.abort();
    await healing;
  }
}

async function syncOnce(
  run: Run,
  running: RunningSync,
  { engine, heal }: ClientEngine,
  stopped: AbortSignal,
): Promise<void> {
  const { inSync, deletionsWaiting, problems } = await engine.runOnce();
  const note = (message: string): void => run.output.note(message);
  const isHealed = engine.phase === "paused" || (await healOnce({ heal, note }, stopped));
  if (run.output.json) await run.output.result({ ...running.report(), page_url: null }, () => []);
  if (stopped.aborted) {
    run.context.exitCode = interruptedExitCode;
    return;
  }
  if (engine.phase !== "paused") await running.sum();
  if (deletionsWaiting > 0) {
    const wait = `${count(deletionsWaiting, "deletion")} ${deletionsWaiting === 1 ? "waits" : "wait"} for you.`;
    const list = `holdfast deletes ls ${shellWord(running.record.root)}`;
    const message = `${wait} Answer with 'holdfast deletes approve' or 'undo', then sync again; 'sync --confirm-deletes' approves all. To list them: ${list}`;
    run.output.problem({ path: "", code: "waiting", message });
  }
  for (const problem of groupedProblems(running.unreported([...problems]))) run.output.problem(problem);
  if (!inSync || !isHealed) run.context.exitCode = 1;
}

interface Signals {
  readonly stopped: AbortSignal;
  begin(): void;
  onStopping(report: () => void): void;
  end(): void;
}

/** Stops shortly after the first signal, and immediately on a second one. */
function listenForSignals(run: Run, isOnce: boolean): Signals {
  const stopper = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  let patienceMs = stopPatienceMs.asking;
  let firstMs = 0;
  let reportStopping = (): void => run.output.note("sync: stopping");
  const exitNow = (): void => process.exit(isOnce ? interruptedExitCode : 0);
  const onSignal = (): void => {
    if (stopper.signal.aborted) {
      if (performance.now() - firstMs > sameSignalMs) exitNow();
      return;
    }
    firstMs = performance.now();
    stopper.abort();
    reportStopping();
    deadline = setTimeout(exitNow, patienceMs);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  leaveFirstSignals();
  return {
    stopped: stopper.signal,
    begin: () => void (patienceMs = stopPatienceMs.underWay),
    onStopping: (given) => void (reportStopping = given),
    end: () => {
      clearTimeout(deadline);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    },
  };
}
