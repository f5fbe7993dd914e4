import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor?: string | null | undefined;
}

/** A list of the API that comes in pages: the first at once, each other one when it is asked for. */
export function usePages<Item>(
  queryKey: QueryKey,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  /** Milliseconds until it is read anew by itself, by what it has; false: not. */
  againMs: (items: readonly Item[]) => number | false = () => false,
) {
  const { data, ...rest } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state }) => againMs(state.data?.pages.flatMap(({ items }) => items) ?? []),
  });
  return { ...rest, data: data?.pages.flatMap(({ items }) => items) };
}
