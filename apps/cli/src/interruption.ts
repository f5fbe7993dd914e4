import { HoldfastError } from "@holdfast/core/errors";
import type { Run } from "./commands/command.ts";
import { showJson, showLines } from "./output/screen.ts";

/** Of a command that Ctrl-C ended, as shells count it: 128 and the number of the signal. */
export const interruptedExitCode = 130;
const exitCodes = { SIGINT: interruptedExitCode, SIGTERM: 143 } as const;

/** The person at the terminal pressed Ctrl-C instead of an answer. */
export class Interruption extends HoldfastError {
  constructor() {
    super("failed", "Interrupted.");
  }

  override get exitCode(): number {
    return interruptedExitCode;
  }
}

export interface EndedWork {
  /** Ends the display and removes what is unfinished. The event loop does not turn again, so nothing can be awaited. */
  readonly clear: (signal: NodeJS.Signals) => void;
  /** Read when a signal comes. */
  readonly message: string;
}

/**
 * Does something that leaves no half of it behind: Ctrl-C and SIGTERM end the process at once, whatever it waits for, once `clear` has
 * taken away what is not whole.
 */
export async function clearedOnSignals<Result>(
  run: Run,
  ended: EndedWork,
  work: () => Promise<Result>,
): Promise<Result> {
  return onSignals((signal) => endNow(run, ended, signal), work);
}

/** Longer than an answer to the largest number of deletions takes. */
const stopPatienceMs = 5000;

/**
 * Does things one after the other, of which none is left half done: Ctrl-C and SIGTERM end the process after the one under way, and after
 * 5 s in any case.
 * @param work starts nothing more once it is stopping
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
