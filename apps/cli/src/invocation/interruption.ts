import { HoldfastError } from "@holdfast/core/errors";
import type { Run } from "./run.ts";
import { showJson, showLines } from "../output/screen.ts";

/** 128 plus the number of the signal, by the convention of shells. */
export const interruptedExitCode = 130;
const exitCodes = { SIGINT: interruptedExitCode, SIGTERM: 143 } as const;

/** Ctrl-C in answer to a question. */
export class Interruption extends HoldfastError {
  constructor() {
    super("failed", "Interrupted.");
  }

  override get exitCode(): number {
    return interruptedExitCode;
  }
}

export interface EndedWork {
  /**
   * Ends the display and removes incomplete results. Must not await anything, because the event loop does not run
   * again.
   */
  readonly clear: (signal: NodeJS.Signals) => void;
  readonly message: string;
}

/** Runs work that must not leave incomplete results. SIGINT and SIGTERM end the process immediately after `clear`. */
export async function clearedOnSignals<Result>(
  run: Run,
  ended: EndedWork,
  work: () => Promise<Result>,
): Promise<Result> {
  return onSignals((signal) => endNow(run, ended, signal), work);
}

/** Longer than answering the largest number of deletions takes. */
const stopPatienceMs = 5000;

/**
 * Runs several steps, of which none must be interrupted. SIGINT and SIGTERM end the process after the current step, or
 * after 5 s.
 * @param work must start no further step when stopping
 */
export async function stoppedOnSignals<Result>(
  run: Run,
  ended: EndedWork,
  work: (isStopping: () => boolean) => Promise<Result>,
): Promise<Result> {
  let stopping: NodeJS.Signals | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    stopping ??= signal;
    deadline ??= setTimeout(() => endNow(run, ended, signal), stopPatienceMs);
  };
  try {
    const result = await onSignals(stop, () => work(() => stopping !== undefined));
    return stopping === undefined ? result : endNow(run, ended, stopping);
  } finally {
    clearTimeout(deadline);
  }
}

function endNow({ context, output }: Run, ended: EndedWork, signal: NodeJS.Signals): never {
  try {
    ended.clear(signal);
  } finally {
    const { message } = ended;
    showLines(context.stderr, [`holdfast: ${message}`]);
    if (output.json) showJson(context.stdout, `${JSON.stringify({ error: { code: "failed", message } })}\n`);
  }
  process.exit(signal === "SIGTERM" ? exitCodes.SIGTERM : exitCodes.SIGINT);
}

async function onSignals<Result>(act: (signal: NodeJS.Signals) => void, work: () => Promise<Result>): Promise<Result> {
  const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  for (const signal of signals) process.on(signal, act);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, act);
  }
}
