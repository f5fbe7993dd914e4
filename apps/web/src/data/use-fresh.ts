import type { QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";
import type { News } from "./live.ts";
import { useDrive } from "./use-drive.ts";

/** Give the same object at every call. */
interface Freshness {
  readonly queryKey: QueryKey;
  /** The news after which it is asked for again. */
  readonly kinds: readonly News["kind"][];
  /** News come in swarms: so long they are gathered, and then it is asked for once. */
  readonly gatherMs: number;
}

/** Keeps what a query has as true as the lists are. */
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
