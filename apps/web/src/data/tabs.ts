export interface Tabs {
  /** Sends to the other tabs only. */
  post(message: unknown): void;
  /** @returns removes the listener */
  listen(hear: (message: unknown) => void): () => void;
  /** Waits until no other tab runs under this name. @param signal ends only the wait, with its reason */
  alone<Result>(name: string, run: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

export function loneTab(): Tabs {
  return { post: () => {}, listen: () => () => {}, alone: (_name, run) => run() };
}

export function openTabs(name: string): Tabs {
  const channel = new BroadcastChannel(name);
  // Missing in browsers, except over https or on localhost.
  const locks = navigator.locks as LockManager | undefined;
  const fallback = locks === undefined ? import("./channel-lock.ts").catch(() => undefined) : undefined;
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin
    post: (message) => channel.postMessage(message),
    listen: (hear) => {
      const onMessage = (event: MessageEvent<unknown>): void => hear(event.data);
      channel.addEventListener("message", onMessage);
      return () => channel.removeEventListener("message", onMessage);
    },
    alone: async (lockName, run, signal) => {
      if (locks !== undefined) return locks.request(lockName, signal === undefined ? {} : { signal }, run);
      const part = await fallback;
      // Tabs without the script may run at the same time and repeat requests.
      return part === undefined ? run() : part.holdByChannel(lockName, run, signal);
    },
  };
}
