import type { TestContext } from "node:test";

/**
 * Lets time pass for `setTimeout` only on demand. Client and server share this process, so a pause of it would look
 * like a pause of the client. Node's own mock does not support `refresh`.
 * @returns a function that advances time by milliseconds
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
  // Restores timers before the server closes, which waits in real time.
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
