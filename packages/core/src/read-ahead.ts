/**
 * Runs steps and yields their results in order. Up to `ahead` further steps run or wait with their result. A failed
 * step throws in its turn.
 */
export async function* readAhead<Result>(
  steps: readonly (() => Promise<Result>)[],
  ahead: number,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  let next = 0;
  do {
    for (const step of steps.slice(next, next + 1 + ahead - running.length)) {
      const result = step();
      // Prevents an unhandled rejection; the result is awaited in its turn.
      result.catch(() => {});
      running.push(result);
      next += 1;
    }
    const first = running.shift();
    if (first !== undefined) yield await first;
  } while (running.length > 0 || next < steps.length);
}
