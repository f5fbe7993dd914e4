import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronUp from "lucide-react/icons/chevron-up";
import type { SortOrder } from "../../data/row-order.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { type Column, nextSort } from "./columns.ts";

interface ListHeadProps {
  readonly columns: readonly Column[];
  /** Absent if the place has a fixed order. */
  readonly sort?: SortOrder | undefined;
  readonly onSort?: ((sort: SortOrder) => void) | undefined;
  readonly isAllSelected: boolean;
  readonly isSomeSelected: boolean;
  readonly onSelectAll: (all: boolean) => void;
  readonly view: "list" | "tiles";
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
      <div className={view === "list" ? "min-w-0 flex-1 ps-9" : "shrink-0"}>
        <Head id="natural" label={message("files.columnName")} sort={sort} onSort={onSort} />
      </div>
      {columns.map((column) => (
        <div
          key={column.id}
          className={view === "list" ? `${column.className} hidden md:block` : "shrink-0 max-md:hidden"}
        >
          <Head id={column.sort} label={message(column.message)} sort={sort} onSort={onSort} />
        </div>
      ))}
      {view === "list" ? <div className="w-8 shrink-0 pointer-coarse:w-11" /> : null}
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
  const said = isThis ? message(isDown ? "files.sortedDown" : "files.sortedUp", { column: label }) : label;
  return (
    <button
      type="button"
      aria-label={said}
      onClick={() => onSort(nextSort(sort, id))}
      className={`-mx-2 inline-flex h-8 max-w-full items-center gap-1 rounded-md px-2 text-sm hover:bg-hover active:bg-pressed pointer-coarse:h-10 ${isThis ? "font-semibold text-text" : ""}`}
    >
      <span className="truncate">{label}</span>
      {isThis && <Arrow isDown={isDown} />}
    </button>
  );
}

function Arrow({ isDown }: { readonly isDown: boolean }) {
  return isDown ? <ChevronDown aria-hidden size={14} /> : <ChevronUp aria-hidden size={14} />;
}
