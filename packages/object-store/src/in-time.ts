import { HoldfastError } from "@holdfast/core/errors";
import { assertWanted } from "./call-signal.ts";
import type { Sleep } from "./call-signal.ts";

export interface Patience {
  readonly patienceMs: number;
  readonly sleep: Sleep;
}

/** A late call is aborted by its signal and not awaited. @throws HoldfastError unavailable if it took too long */
export async function inTime<Result>(
  { patienceMs, sleep }: Patience,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const acting = act(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
  // The later result is ignored.
  acting.catch(() => {});
  const late = sleep(patienceMs, over.signal).then(
    () => "late" as const,
    () => "late" as const,
  );
  try {
    const first = await Promise.race([acting.then((result) => ({ result })), late]);
    if (first !== "late") return first.result;
    assertWanted(signal);
    throw new HoldfastError("unavailable", `The store has not answered within ${patienceMs} ms.`);
  } finally {
    over.abort("it took too long");
  }
}
