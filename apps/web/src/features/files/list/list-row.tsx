import EllipsisVertical from "lucide-react/icons/ellipsis-vertical";
import CloudOff from "lucide-react/icons/cloud-off";
import Star from "lucide-react/icons/star";
import Users from "lucide-react/icons/users";
import { memo, type MouseEvent } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { useKept } from "../../../data/use-kept.ts";
import { IconButton } from "../../../design/icon-button.tsx";
import { Row } from "../../../design/row.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import type { Column } from "./columns.ts";
import { CutName } from "../naming/cut-name.tsx";
import { dropAttributes } from "./drop-targets.ts";
import { FileShape } from "../rows/file-shape.tsx";
import { isKept } from "../acts/files-context.ts";
import { useListActions } from "./list-actions.ts";
import { NameField } from "../naming/name-field.tsx";
import { RowCell } from "./row-cell.tsx";
import { folderOf, isFolder, type ListedRow } from "../rows/row-source.ts";

export interface LineProps {
  readonly index: number;
  readonly row: ListedRow | undefined;
  readonly isSelected: boolean;
  readonly isStop: boolean;
  readonly isCut: boolean;
  readonly isRenaming: boolean;
  readonly hasChecks: boolean;
  readonly topPx: number;
  readonly columns: readonly Column[];
}

/** A placeholder if the row has not loaded. */
export const ListRow = memo(function ListRow(line: LineProps) {
  const { row, index, topPx, columns } = line;
  const place = { transform: `translateY(${topPx}px)` };
  return (
    <div role="none" style={place} className="absolute inset-x-0 top-0">
      {row === undefined ? (
        <EmptyLine index={index} />
      ) : (
        <Row {...lineAttributes(line, row)} className="group select-none data-over:ring-2 data-over:ring-inset">
          <CheckCell row={row} isSelected={line.isSelected} isShown={line.hasChecks} />
          <NameCell {...line} row={row} />
          {columns.map((column) => (
            <RowCell key={column.id} column={column} row={row} />
          ))}
          <MenuCell row={row} />
        </Row>
      )}
    </div>
  );
});

/** Used by keyboard, pointer and drag code to find rows. */
export function lineAttributes({ index, isSelected, isStop, isCut }: LineProps, row: ListedRow) {
  return {
    role: "row",
    "aria-rowindex": index + 1,
    "aria-selected": isSelected,
    tabIndex: isStop ? 0 : -1,
    "data-id": row.id,
    ...(isFolder(row) ? dropAttributes(folderOf(row), row.name, [row.id]) : {}),
    selected: isSelected,
    faint: isCut,
  } as const;
}

function EmptyLine({ index }: { readonly index: number }) {
  const { message } = useMessages();
  return (
    <div role="row" aria-rowindex={index + 1} className="flex h-row items-center gap-3 px-3">
      <div role="gridcell" aria-label={message("files.loadingRow")} className="flex flex-1 items-center gap-3 ps-9">
        <div className="size-6 rounded-md bg-hover" />
        <div className="h-3 w-2/5 max-w-60 rounded-md bg-hover" />
      </div>
    </div>
  );
}

export function RowName({ row }: { readonly row: ListedRow }) {
  const { rename, endRename } = useListActions();
  return <NameField row={row} onName={(name) => rename(row, name)} onCancel={() => endRename(row)} />;
}

function NameCell({ row, columns, isRenaming }: LineProps & { row: ListedRow }) {
  const actions = useListActions();
  return (
    <div role="gridcell" className="flex min-w-0 flex-1 items-center gap-3">
      <FileShape row={row} thumb={actions.thumbOf(row, "s")} />
      {isRenaming ? (
        <RowName row={row} />
      ) : (
        <div className="flex min-w-0 flex-1 flex-col">
          <span className="flex min-w-0 items-center gap-2">
            <NameLink row={row} />
            <Marks row={row} />
          </span>
          <span className="flex min-w-0 gap-2 text-sm text-muted md:hidden">
            {columns.map((column) => (
              <RowCell key={column.id} column={column} row={row} isInline />
            ))}
          </span>
        </div>
      )}
    </div>
  );
}

/** A link, for middle click and copying. The list handles plain clicks. */
export function NameLink({ row }: { readonly row: ListedRow }) {
  const actions = useListActions();
  const click = (event: MouseEvent) => {
    event.preventDefault();
    // Click by a screen reader or a switch.
    if (event.detail !== 0) return;
    event.stopPropagation();
    actions.open(row);
  };
  return (
    <a
      href={actions.addressOf(row)}
      tabIndex={-1}
      draggable={false}
      onClick={click}
      className="flex min-w-0 cursor-default text-text no-underline"
    >
      <CutName name={row.name} />
    </a>
  );
}

export function Marks({ row }: { readonly row: ListedRow }) {
  const { message } = useMessages();
  const kept = useKept();
  const { viewer } = useDrive();
  return (
    <>
      {isKept({ kept }, row) ? (
        <CloudOff size={14} role="img" aria-label={message("files.isKept")} className="shrink-0 text-muted" />
      ) : null}
      {row.isStarred ? (
        <Star
          size={14}
          role="img"
          aria-label={message("files.isStarred")}
          className="shrink-0 fill-current text-warning"
        />
      ) : null}
      {row.isShared && viewer.kind === "account" ? (
        <Users size={14} role="img" aria-label={message("files.isShared")} className="shrink-0 text-muted" />
      ) : null}
    </>
  );
}

/** Always available to keyboard and screen readers. */
export function CheckCell({ row, isSelected, isShown }: { row: ListedRow; isSelected: boolean; isShown: boolean }) {
  const { message } = useMessages();
  const actions = useListActions();
  const visible =
    isSelected || isShown ? "" : "opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:invisible";
  return (
    <div role="gridcell" className="flex shrink-0 items-center">
      <input
        type="checkbox"
        tabIndex={-1}
        data-control
        checked={isSelected}
        aria-label={message("files.selectOne", { name: row.name })}
        onChange={() => actions.toggle(row)}
        className={`size-6 scale-75 accent-accent ${visible}`}
      />
    </div>
  );
}

export function MenuCell({ row }: { readonly row: ListedRow }) {
  const { message } = useMessages();
  const actions = useListActions();
  const open = (event: MouseEvent<HTMLElement>) => {
    const { left, bottom } = event.currentTarget.getBoundingClientRect();
    actions.showMenu(row, { x: left, y: bottom }, event.detail === 0);
  };
  return (
    <div
      role="gridcell"
      className="shrink-0 opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100"
    >
      <IconButton
        small
        tabIndex={-1}
        data-control
        aria-haspopup="menu"
        label={message("files.menuOf", { name: row.name })}
        Icon={EllipsisVertical}
        onClick={open}
      />
    </div>
  );
}
