import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo } from "react";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { useDrive } from "../../../data/use-drive.ts";
import { usePageTitle } from "../../../design/page-title.ts";
import { showEdges } from "../../../design/scroll-edges.ts";
import type { Column } from "../list/columns.ts";
import type { PlaceKind } from "../acts/files-context.ts";
import { ListPlace } from "./list-place.tsx";
import { PagedRows, type RowPage } from "../rows/paged-rows.ts";
import type { RowSource } from "../rows/row-source.ts";

interface ListedPlaceProps {
  readonly kind: PlaceKind;
  readonly title: string;
  readonly narrow?: ReactNode;
  /** The controls need the width of a phone. */
  readonly hidesTitleOnPhone?: boolean;
  readonly columns: readonly Column[];
  readonly empty: string;
  /** Must be stable; a new function reloads the list. */
  readonly load: (client: ApiClient) => (cursor: string | undefined, signal: AbortSignal) => Promise<RowPage>;
  /** Must be stable. */
  readonly arrange?: (source: PagedRows) => RowSource;
  /** Contains exactly the starred rows. */
  readonly isOfStars?: boolean;
}

/** Spans folders. Reloaded shortly after changes by others. */
export function ListedPlace(props: ListedPlaceProps) {
  const { kind, title, narrow, hidesTitleOnPhone, columns, empty, load, arrange, isOfStars = false } = props;
  const { client, live } = useDrive();
  const viewKey = useLocation({ select: ({ pathname }) => pathname });
  const source = useMemo(() => new PagedRows(load(client)), [client, load]);
  const shown = useMemo(() => arrange?.(source) ?? source, [source, arrange]);
  usePageTitle(title);
  useEffect(() => {
    let timer: number | undefined;
    const stop = live.listen(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => void source.reload(), settleMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [live, source]);
  const star = (ids: ReadonlySet<string>, isStarred: boolean) => {
    // Only the server knows the places of rows that come back.
    if (isOfStars && isStarred) void source.reload();
    else if (isOfStars) source.change((row) => (ids.has(row.id) ? undefined : row));
    else source.change((row) => (ids.has(row.id) ? Object.assign({}, row, { isStarred }) : row));
  };
  return (
    <ListPlace
      kind={kind}
      viewKey={viewKey}
      name={title}
      heading={
        <div ref={showEdges} className="scroll-strip flex min-w-0 items-center gap-4">
          <h1
            className={`max-w-60 shrink-0 truncate px-2 py-1.5 text-lg font-semibold ${hidesTitleOnPhone === true ? "max-sm:sr-only" : ""}`}
          >
            {title}
          </h1>
          {narrow}
        </div>
      }
      source={shown}
      columns={columns}
      empty={empty}
      onDone={() => void source.reload()}
      onStar={star}
      thumbTag={source.thumbTag}
    />
  );
}

const settleMs = 200;
