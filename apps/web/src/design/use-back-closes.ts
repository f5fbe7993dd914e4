import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

/** Missing in some browsers. Back on Android reaches it also on the first page, where it would leave the app. */
interface Watcher {
  addEventListener(type: "close", listener: () => void): void;
  destroy(): void;
}

let mountedCount = 0;

/** Other blockers must leave Back to the component that it closes. */
export function isBackTaken(): boolean {
  return mountedCount > 0;
}

/** While the component is mounted, Back closes it instead of leaving the page. */
export function useBackCloses(close: () => void): void {
  const { history } = useRouter();
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    mountedCount += 1;
    const release = history.block({
      enableBeforeUnload: false,
      blockerFn: ({ action }) => {
        if (action !== "BACK") return false;
        latest.current();
        return true;
      },
    });
    const { CloseWatcher } = globalThis as unknown as { readonly CloseWatcher?: new () => Watcher };
    let watcher: Watcher | undefined;
    const watch = () => {
      watcher = CloseWatcher === undefined ? undefined : new CloseWatcher();
      watcher?.addEventListener("close", () => {
        // A watcher closes once, but `close` may leave the component open.
        watch();
        latest.current();
      });
    };
    watch();
    return () => {
      mountedCount -= 1;
      release();
      watcher?.destroy();
    };
  }, [history]);
}
