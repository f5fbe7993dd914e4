import { memo, Suspense } from "react";
import { lazyPart } from "../../../design/lazy-part.ts";
import { Tile as Card } from "../../../design/row.tsx";
import { fileKind } from "../rows/file-kind.ts";
import { FileShape } from "../rows/file-shape.tsx";
import { CheckCell, lineAttributes, type LineProps, Marks, MenuCell, NameLink, RowName } from "./list-row.tsx";
import { RowCell } from "./row-cell.tsx";
import { isFolder, type ListedRow } from "../rows/row-source.ts";
import { useListActions } from "./list-actions.ts";
import { useMessages } from "../../../messages/use-messages.ts";

const TileShape = lazyPart(async () => (await import("./tile-shape.tsx")).TileShape);

export interface TileProps extends LineProps {
  readonly startPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export const Tile = memo(function Tile({ startPx, widthPx, heightPx, ...line }: TileProps) {
  const { message } = useMessages();
  const actions = useListActions();
  const { row, topPx, index, columns } = line;
  const column = columns.find(({ id }) => id === "left") ?? columns[0];
  const place = {
    insetInlineStart: startPx,
    transform: `translateY(${topPx}px)`,
    width: widthPx,
    height: heightPx,
  };
  return (
    <div role="none" style={place} className="absolute top-0 p-1">
      {row === undefined ? (
        <div role="row" aria-rowindex={index + 1} className="h-full">
          <div role="gridcell" aria-label={message("files.loadingRow")} className="h-full rounded-lg bg-hover" />
        </div>
      ) : (
        <Card
          {...lineAttributes(line, row)}
          className="group relative h-full select-none border border-line bg-surface data-over:ring-2 data-over:ring-accent data-over:ring-inset"
        >
          <div role="gridcell" className="flex min-h-0 flex-1 items-center justify-center overflow-hidden rounded-md">
            {isShownByContent(row) ? (
              <Suspense>
                <TileShape row={row} />
              </Suspense>
            ) : (
              <FileShape row={row} thumb={actions.thumbOf(row, "m")} isLarge />
            )}
          </div>
          <div role="gridcell" className="-mb-2 flex h-8 min-w-0 shrink-0 items-center gap-2 ps-1">
            {line.isRenaming ? (
              <RowName row={row} />
            ) : (
              <>
                <span className="min-w-0 flex-1">
                  <NameLink row={row} />
                </span>
                <Marks row={row} />
              </>
            )}
          </div>
          {column !== undefined && (
            <div role="gridcell" className="flex h-5 shrink-0 ps-1 text-sm text-muted">
              <RowCell column={column} row={row} isInline />
            </div>
          )}
          <div role="none" className="absolute start-3 top-3">
            <CheckCell row={row} isSelected={line.isSelected} isShown={line.hasChecks} />
          </div>
          <div
            role="none"
            className="absolute end-2 top-2 rounded-md group-hover:bg-raised group-focus-within:bg-raised"
          >
            <MenuCell row={row} />
          </div>
        </Card>
      )}
    </div>
  );
});

function isShownByContent(row: ListedRow): boolean {
  return row.trashedMs === undefined && (isFolder(row) || fileKind(row) === "video");
}
