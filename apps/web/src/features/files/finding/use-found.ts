import type { SearchType } from "@holdfast/protocol/search-routes";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { wait } from "../../../browser/wait.ts";
import { found } from "../rows/list-queries.ts";
import { hasWords } from "./match-parts.ts";

/** More than are shown, so that some still fit after the next letter. */
const readMax = 24;
const pauseMs = 150;

interface Wish {
  readonly type?: SearchType;
  readonly lettersMin: number;
}

/**
 * The best results for a text while it is typed. Results of the previous text are returned until the next ones arrive,
 * as far as they fit.
 */
export function useFound(wanted: string, { type, lettersMin }: Wish) {
  const { client } = useDrive();
  const { data, error, isFetching } = useQuery({
    queryKey: ["found", wanted, type],
    placeholderData: keepPreviousData,
    staleTime: 0,
    enabled: wanted.length >= lettersMin,
    queryFn: async ({ signal }) => {
      await wait(pauseMs, signal);
      return (await found(client, { q: wanted, type }, readMax)(undefined, signal)).rows;
    },
  });
  const rows = useMemo(() => (data ?? []).filter(({ name }) => hasWords(name, wanted)), [data, wanted]);
  return { rows, error, isFetching };
}
