import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor?: string | null | undefined;
}

interface PagesOptions<Item> {
  /** Refetch interval in milliseconds; false: none. */
  readonly againMs?: (items: readonly Item[]) => number | false;
  /** Returns the items of the previous key until those of the next key arrive. */
  readonly keepsItems?: boolean;
}

export function usePages<Item>(
  queryKey: QueryKey,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  { againMs = () => false, keepsItems = false }: PagesOptions<Item> = {},
) {
  const { data, ...rest } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state }) => againMs(state.data?.pages.flatMap(({ items }) => items) ?? []),
    placeholderData: (before) => (keepsItems ? before : undefined),
  });
  return {
    ...rest,
    data: data?.pages.flatMap(({ items }) => items),
    // The query reports false while the items of another key are shown.
    hasNextPage: data?.pages.at(-1)?.next_cursor != null,
  };
}
