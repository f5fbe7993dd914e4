import { useEffect, useRef, useSyncExternalStore } from "react";
import { useDrive } from "./use-drive.ts";

/** @returns true if the server is unreachable */
export function useAway(): boolean {
  const { reach } = useDrive();
  return useSyncExternalStore(reach.subscribe, reach.getSnapshot);
}

export function useBack(run: () => void): void {
  const isAway = useAway();
  const was = useRef(isAway);
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (was.current && !isAway) latest.current();
    was.current = isAway;
  }, [isAway]);
}
