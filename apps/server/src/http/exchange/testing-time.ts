import type { TestContext } from "node:test";

/**
 * Time passes for `setTimeout` only as the test says, so that no pause of this process, in which client and server both run, is taken
 * for one of the client. (The mock that comes with Node knows no `refresh`.)
 * @returns lets so many milliseconds pass
 */
export function holdTime(t: TestContext): (ms: number) => void {
  const running = new Set<HeldTimer>();
  let nowMs = 0;
  const set = t.mock.method(globalThis, "setTimeout", ((act: () => void, afterMs = 0) => {
    const timer: HeldTimer = {
      act,
      dueMs: 0,
      refresh: () => {
        timer.dueMs = nowMs + afterMs;
        running.add(timer);
        return timer;
      },
      unref: () => timer,
    };
    return timer.refresh();
  }) as never);
  const clear = t.mock.method(globalThis, "clearTimeout", ((timer: HeldTimer) => void running.delete(timer)) as never);
  // Before the server is closed, which waits in earnest.
  t.after(() => {
    set.mock.restore();
    clear.mock.restore();
  });
  return (ms) => {
    nowMs += ms;
    const due = Array.from(running).filter(({ dueMs }) => dueMs <= nowMs);
    for (const timer of due) if (running.delete(timer)) timer.act();
  };
}

interface HeldTimer {
  readonly act: () => void;
  dueMs: number;
  readonly refresh: () => HeldTimer;
  readonly unref: () => HeldTimer;
}
