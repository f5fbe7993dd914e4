import type { RetryOptions } from "./retry.ts";

const slowAfterMs = 5000;

/** Calls `onSlow` once if the work lasts longer than 5 s: without an answer it would end only by a timeout of minutes. */
export async function noticedIfSlow<Result>(
  work: () => Promise<Result>,
  wait: RetryOptions["wait"],
  onSlow: (() => void) | undefined,
): Promise<Result> {
  if (onSlow === undefined) return work();
  const ended = new AbortController();
  void wait(slowAfterMs, ended.signal).then(onSlow, () => undefined);
  try {
    return await work();
  } finally {
    ended.abort();
  }
}
