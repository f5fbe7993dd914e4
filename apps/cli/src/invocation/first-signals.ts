import { interruptedExitCode } from "./interruption.ts";

const signals = ["SIGINT", "SIGTERM"] as const;
let end: (() => void) | undefined;

/**
 * Nothing has begun while `sync` starts, so a signal exits with the usual code of an interruption. Applies until
 * `leaveFirstSignals`.
 */
export function takeFirstSignals(args: readonly string[]): void {
  const isEndless = !["--once", "--dry-run", "--install-service"].some((option) => args.includes(option));
  end = () => process.exit(isEndless ? 0 : interruptedExitCode);
  for (const signal of signals) process.on(signal, end);
}

export function leaveFirstSignals(): void {
  if (end !== undefined) for (const signal of signals) process.off(signal, end);
  end = undefined;
}
