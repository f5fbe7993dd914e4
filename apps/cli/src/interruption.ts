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
  { context, output }: Run,
  ended: EndedWork,
  work: () => Promise<Result>,
): Promise<Result> {
  const end = (signal: keyof typeof exitCodes): void => {
    try {
      ended.clear(signal);
    } finally {
      const { message } = ended;
      showLines(context.stderr, [`holdfast: ${message}`]);
      if (output.json) showJson(context.stdout, `${JSON.stringify({ error: { code: "failed", message } })}\n`);
      process.exit(exitCodes[signal]);
    }
  };
  const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  for (const signal of signals) process.on(signal, end);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}
