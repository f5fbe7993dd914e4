import type { ReactNode } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { Items } from "./card.tsx";
import type { Icon as IconType } from "./icon.ts";
import { Loaded } from "./loaded.tsx";
import { Empty } from "./notice.tsx";

interface PagedItemsProps<One> {
  readonly label: string;
  readonly load: {
    readonly data: readonly One[] | undefined;
    readonly error: Error | null;
    readonly isFetching: boolean;
    readonly refetch: () => unknown;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly empty: { readonly Icon: IconType; readonly title: string; readonly about?: string };
  readonly children: (one: One) => ReactNode;
}

export function PagedItems<One>({ label, load, empty, children }: PagedItemsProps<One>) {
  const { message } = useMessages();
  return (
    <Loaded load={load} rows={6}>
      {(items) => (
        <>
          {items.length === 0 ? (
            <Empty Icon={empty.Icon} title={empty.title}>
              {empty.about}
            </Empty>
          ) : (
            <Items label={label}>{items.map(children)}</Items>
          )}
          {/* A page may be empty although more follow. */}
          {load.hasNextPage && (
            <div className="flex justify-center">
              <Button busy={load.isFetchingNextPage} onClick={() => void load.fetchNextPage()}>
                {message("design.loadMore")}
              </Button>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}
