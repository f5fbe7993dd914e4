/**
 * Runs the steps and gives their results in order; up to `ahead` steps beside the one that is being taken are under way or
 * done. A step that failed fails in its turn.
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
      // It is awaited in its turn; until then its failure is not one that nobody handles.
      result.catch(() => {});
      running.push(result);
      next += 1;
    }
    const first = running.shift();
    if (first !== undefined) yield await first;
  } while (running.length > 0 || next < steps.length);
}
