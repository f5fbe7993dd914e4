import { HoldfastError } from "@holdfast/core/errors";

/** Of a command that Ctrl-C ended, as shells count it: 128 and the number of the signal. */
export const interruptedExitCode = 130;

/** The person at the terminal pressed Ctrl-C instead of an answer. */
export class Interruption extends HoldfastError {
  constructor() {
    super("failed", "Interrupted.");
  }

  override get exitCode(): number {
    return interruptedExitCode;
  }
}
