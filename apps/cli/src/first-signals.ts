import { interruptedExitCode } from "./interruption.ts";

const signals = ["SIGINT", "SIGTERM"] as const;
let end: (() => void) | undefined;

/**
 * A signal in the first moments of `sync` ends it with the exit code of a later one, and not by the signal: nothing is begun yet
 * that could be torn. It holds until `leaveFirstSignals`.
 */
export function takeFirstSignals(args: readonly string[]): void {
  const isEndless = !["--once", "--dry-run", "--install-service"].some((option) => args.includes(option));
  end = () => process.exit(isEndless ? 0 : interruptedExitCode);
  for (const signal of signals) process.on(signal, end);
}

/** For whoever listens from now on. */
export function leaveFirstSignals(): void {
  if (end !== undefined) for (const signal of signals) process.off(signal, end);
  end = undefined;
}
