import { Suspense, useEffect, useRef } from "react";
import type { SortOrder } from "../../../data/row-order.ts";
import type { View } from "../../../browser/preferences.ts";
import { lazyPart } from "../../../design/lazy-part.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import type { FilesContext } from "../acts/files-context.ts";
import { type Column, nextSort } from "./columns.ts";
import { Arrow, headLook, sortedWords } from "../rows/sorted.tsx";

const SelectionBar = lazyPart(async () => (await import("./selection-bar.tsx")).SelectionBar);
const SortButton = lazyPart(async () => (await import("./sort-button.tsx")).SortButton);

interface ListHeadProps {
  readonly columns: readonly Column[];
  /** Absent if the place has a fixed order. */
  readonly sort?: SortOrder | undefined;
  readonly onSort?: ((sort: SortOrder) => void) | undefined;
  readonly view: View;
  readonly context: FilesContext;
  readonly total: number;
  readonly onSelectAll: (all: boolean) => void;
}

/** Fixed above the scrolling rows. A selection replaces the columns, so that nothing below moves. */
export function ListHead(props: ListHeadProps) {
  const { context, total, onSelectAll } = props;
  const { message } = useMessages();
  const box = useRef<HTMLInputElement>(null);
  const isSomeSelected = context.count > 0;
  const isAllSelected = isSomeSelected && context.count === total;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = isSomeSelected && !isAllSelected;
  }, [isSomeSelected, isAllSelected]);
  const clear = () => {
    onSelectAll(false);
    // The clear button disappears.
    box.current?.focus();
  };
  return (
    <div
      data-head
      role={isSomeSelected ? "toolbar" : "group"}
      aria-label={message(isSomeSelected ? "files.actions" : "files.sortBy")}
      className={`@container sticky top-0 z-10 flex h-head items-center gap-3 border-b border-line px-3 ${isSomeSelected ? "bg-selected" : "bg-canvas text-muted"}`}
    >
      <input
        ref={box}
        type="checkbox"
        data-control
        checked={isAllSelected}
        aria-label={message("files.selectAll")}
        onChange={(event) => onSelectAll(event.target.checked)}
        className="size-6 shrink-0 scale-75 accent-accent"
      />
      {isSomeSelected ? (
        <Suspense fallback={null}>
          <SelectionBar context={context} onClear={clear} />
        </Suspense>
      ) : (
        <Columns {...props} />
      )}
    </div>
  );
}

function Columns({ columns, sort, onSort, view }: ListHeadProps) {
  const { message } = useMessages();
  if (view === "tiles") {
    return (
      <Suspense fallback={null}>
        {sort !== undefined && onSort !== undefined && <SortButton columns={columns} sort={sort} onSort={onSort} />}
      </Suspense>
    );
  }
  return (
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
