import type { QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";
import type { News } from "./live.ts";
import { useDrive } from "./use-drive.ts";

/** Must be a stable object across renders. */
interface Freshness {
  readonly queryKey: QueryKey;
  readonly kinds: readonly News["kind"][];
  /** News arrive in bursts. */
  readonly gatherMs: number;
}

/** Refetches a query after news from the server. */
export function useFresh(freshness: Freshness): void {
  const { live, queries } = useDrive();
  useEffect(() => {
    const { queryKey, kinds, gatherMs } = freshness;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.listen(({ kind }) => {
      if (!kinds.includes(kind)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey });
      }, gatherMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [live, queries, freshness]);
}
