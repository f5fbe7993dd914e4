import { Suspense } from "react";
import type { SortOrder } from "../../../data/row-order.ts";
import type { View } from "../../../browser/preferences.ts";
import { lazyPart } from "../../../design/lazy-part.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { type Column, nextSort } from "./columns.ts";
import { Arrow, headLook, sortedWords } from "../rows/sorted.tsx";

const SortButton = lazyPart(async () => (await import("./sort-button.tsx")).SortButton);

interface ListHeadProps {
  readonly columns: readonly Column[];
  /** Absent if the place has a fixed order. */
  readonly sort?: SortOrder | undefined;
  readonly onSort?: ((sort: SortOrder) => void) | undefined;
  readonly isAllSelected: boolean;
  readonly isSomeSelected: boolean;
  readonly onSelectAll: (all: boolean) => void;
  readonly view: View;
}

/** Fixed above the scrolling rows. */
export function ListHead({ columns, sort, onSort, isAllSelected, isSomeSelected, onSelectAll, view }: ListHeadProps) {
  const { message } = useMessages();
  return (
    <div
      data-head
      role="group"
      aria-label={message("files.sortBy")}
      className="sticky top-0 z-10 flex h-10 items-center gap-3 border-b border-line bg-canvas px-3 text-muted"
    >
      <input
        type="checkbox"
        data-control
        ref={(box) => {
          if (box !== null) box.indeterminate = isSomeSelected && !isAllSelected;
        }}
        checked={isAllSelected}
        aria-label={message("files.selectAll")}
        onChange={(event) => onSelectAll(event.target.checked)}
        className="size-6 shrink-0 scale-75 accent-accent"
      />
      {view === "tiles" ? (
        <Suspense fallback={null}>
          {sort !== undefined && onSort !== undefined && <SortButton columns={columns} sort={sort} onSort={onSort} />}
        </Suspense>
      ) : (
        <>
          <div className="min-w-0 flex-1 ps-9">
            <Head id="natural" label={message("files.columnName")} sort={sort} onSort={onSort} />
          </div>
          {columns.map((column) => (
            <div key={column.id} className={`${column.className} hidden md:block`}>
              <Head id={column.sort} label={message(column.message)} sort={sort} onSort={onSort} />
            </div>
          ))}
          <div className="w-8 shrink-0 pointer-coarse:w-11" />
        </>
      )}
    </div>
  );
}

interface HeadProps extends Pick<ListHeadProps, "sort" | "onSort"> {
  readonly id: "natural" | "modified_at" | "size" | undefined;
  readonly label: string;
}

function Head({ id, label, sort, onSort }: HeadProps) {
  const { message } = useMessages();
  if (id === undefined || onSort === undefined || sort === undefined) return <span className="text-sm">{label}</span>;
  const isThis = sort.replace("-", "") === id;
  const isDown = sort.startsWith("-");
  return (
    <button
      type="button"
      aria-label={isThis ? sortedWords(message, sort, label) : label}
      onClick={() => onSort(nextSort(sort, id))}
      className={`${headLook} ${isThis ? "font-semibold text-text" : ""}`}
    >
      <span className="truncate">{label}</span>
      {isThis && <Arrow isDown={isDown} />}
    </button>
  );
}
