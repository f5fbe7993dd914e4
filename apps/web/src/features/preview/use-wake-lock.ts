import { useEffect } from "react";

/** Keeps the screen on. Browsers end the lock in a hidden tab, and refuse it when the battery is low. */
export function useWakeLock(isWanted: boolean): void {
  useEffect(() => {
    // Missing over plain http.
    const wakeLock = navigator.wakeLock as WakeLock | undefined;
    if (!isWanted || wakeLock === undefined) return undefined;
    const lock = wakeLock.request("screen").catch(() => undefined);
    return () => void lock.then((held) => held?.release());
  }, [isWanted]);
}
