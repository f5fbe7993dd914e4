import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

interface PagesProps<Item> {
  readonly query: UseInfiniteQueryResult<{ readonly pages: readonly Page<Item>[] }>;
  readonly empty: string;
  readonly children: (items: readonly Item[]) => ReactNode;
}

/** List with a button for further pages. */
export function Pages<Item>({ query, empty, children }: PagesProps<Item>) {
  const words = useMessages();
  const items = query.data?.pages.flatMap((page) => page.items);
  if (query.isError && items === undefined) {
    return (
      <Notice
        kind="error"
        acts={<Button onClick={() => void query.refetch()}>{words.message("shell.tryAgain")}</Button>}
      >
        {problemWords(query.error, words)}
      </Notice>
    );
  }
  if (items === undefined) return <div className="h-12 animate-appear-late rounded-md bg-hover" />;
  if (items.length === 0) return <p className="text-muted">{empty}</p>;
  return (
    <div className="flex flex-col gap-3">
      {children(items)}
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {words.message("details.older")}
        </Button>
      )}
    </div>
  );
}

/** Options of `useInfiniteQuery` for lists with a cursor. */
export const byCursor = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next_cursor }: { readonly next_cursor: string | null }) => next_cursor ?? undefined,
};
