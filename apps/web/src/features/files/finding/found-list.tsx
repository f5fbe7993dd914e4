import { useNavigate } from "@tanstack/react-router";
import Search from "lucide-react/icons/search";
import { type RefObject, useMemo } from "react";
import { type ListedOption, OptionList } from "../../../design/option-list.tsx";
import { shownName } from "../../../design/shown-name.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { matchParts } from "./match-parts.ts";
import { FileShape } from "../rows/file-shape.tsx";
import { folderOf, isFolder, type ListedRow } from "../rows/row-source.ts";
import { useFound } from "./use-found.ts";

const shownMax = 8;
const lettersMin = 2;

export interface FoundListProps {
  readonly id: string;
  readonly wanted: string;
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  readonly onLeave: () => void;
  readonly onAll: (wanted: string) => void;
}

/** The best results for the text so far, below the search field. Enter alone opens the page with all results. */
export function FoundList({ wanted, onAll, ...list }: FoundListProps) {
  const { message } = useMessages();
  const navigate = useNavigate();
  const { rows } = useFound(wanted, { lettersMin });
  const options = useMemo(() => {
    const open = (row: ListedRow) => {
      if (isFolder(row)) void navigate({ to: "/files/$id", params: { id: folderOf(row) } });
      else if (row.parentId == null) void navigate({ to: "/shared", search: { open: row.id } });
      else void navigate({ to: "/files/$id", params: { id: row.parentId }, search: { open: row.id } });
    };
    const best = rows.slice(0, shownMax).map((row): ListedOption => ({
      id: row.id,
      run: () => open(row),
      content: <Found row={row} wanted={wanted} about={row.path?.slice(0, row.path.lastIndexOf("/"))} />,
    }));
    const all: ListedOption = {
      id: "all",
      run: () => onAll(wanted),
      content: (
        <>
          <Search aria-hidden size={16} className="shrink-0" />
          <span className="min-w-0 truncate">{message("find.all", { q: wanted })}</span>
        </>
      ),
    };
    return [...best, all];
  }, [rows, wanted, navigate, onAll, message]);
  return (
    <OptionList {...list} wanted={wanted} startsAtFirst={false} label={message("find.results")} options={options} />
  );
}

interface FoundProps {
  readonly row: ListedRow;
  readonly wanted: string;
  /** Second line: the location. */
  readonly about: string | undefined;
}

export function Found({ row, wanted, about = "" }: FoundProps) {
  return (
    <>
      <FileShape row={row} thumb={undefined} />
      <span className="min-w-0 flex-1 py-1">
        <span className="block truncate">
          <bdi>
            {matchParts(shownName(row.name), wanted).map(({ text, isMatch }, at) =>
              isMatch ? <b key={at}>{text}</b> : <span key={at}>{text}</span>,
            )}
          </bdi>
        </span>
        {about !== "" && (
          <span className="block truncate text-sm text-muted">
            <bdi>{shownName(about)}</bdi>
          </span>
        )}
      </span>
    </>
  );
}
