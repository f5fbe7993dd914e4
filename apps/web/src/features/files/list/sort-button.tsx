import type { SortOrder } from "../../../data/row-order.ts";
import { MenuButton } from "../../../design/menu-button.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import { type Column, nextSort } from "./columns.ts";
import { Arrow, headLook, sortedWords } from "../rows/sorted.tsx";

interface SortButtonProps {
  readonly columns: readonly Column[];
  readonly sort: SortOrder;
  readonly onSort: (sort: SortOrder) => void;
}

/** Choosing the current column reverses the order. */
export function SortButton({ columns, sort, onSort }: SortButtonProps) {
  const { message } = useMessages();
  const heads = [{ sort: "natural", message: "files.columnName" } as const, ...columns].flatMap((column) =>
    column.sort === undefined ? [] : [{ id: column.sort, label: message(column.message) }],
  );
  const label = heads.find(({ id }) => id === sort.replace("-", ""))?.label ?? "";
  const items = () =>
    heads.map((head) => ({
      label: head.label,
      checked: head.label === label,
      run: () => onSort(nextSort(sort, head.id)),
    }));
  return (
    <MenuButton label={message("files.sortBy")} items={items}>
      <button
        type="button"
        aria-label={sortedWords(message, sort, label)}
        className={`${headLook} font-semibold text-text`}
      >
        {label}
        <Arrow isDown={sort.startsWith("-")} />
      </button>
    </MenuButton>
  );
}
