import { useEffect, useRef, useSyncExternalStore } from "react";
import { useDrive } from "./use-drive.ts";

/** Whether the server does not answer. */
export function useAway(): boolean {
  const { reach } = useDrive();
  return useSyncExternalStore(reach.subscribe, reach.getSnapshot);
}

/** Calls back when the server answers again. */
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
