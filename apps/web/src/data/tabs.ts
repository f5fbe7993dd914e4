import { holdByChannel } from "./channel-lock.ts";

/** What the tabs of one browser tell each other, and who of them does what only one shall do. */
export interface Tabs {
  /** To the others, not to this one. */
  post(message: unknown): void;
  /** @returns hears no more */
  listen(hear: (message: unknown) => void): () => void;
  /** Waits until no other tab runs under the name, then runs. @param signal ends the wait alone, with its reason */
  alone<Result>(name: string, run: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/** For a page that tells nobody anything, and is told nothing. */
export function loneTab(): Tabs {
  return { post: () => {}, listen: () => () => {}, alone: (_name, run) => run() };
}

/** @param name of the channel: what is said under one name is not heard under another */
export function openTabs(name: string): Tabs {
  const channel = new BroadcastChannel(name);
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin
    post: (message) => channel.postMessage(message),
    listen: (hear) => {
      const onMessage = (event: MessageEvent<unknown>): void => hear(event.data);
      channel.addEventListener("message", onMessage);
      return () => channel.removeEventListener("message", onMessage);
    },
    alone: (lockName, run, signal) => {
      // The types have it always; browsers only where the page came over TLS or from this machine.
      const locks = navigator.locks as LockManager | undefined;
      if (locks === undefined) return holdByChannel(lockName, run, signal);
      return locks.request(lockName, signal === undefined ? {} : { signal }, run);
    },
  };
}
