import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Search from "lucide-react/icons/search";
import { type RefObject, useMemo } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { wait } from "../../data/wait.ts";
import { type ListedOption, OptionList } from "../../design/option-list.tsx";
import { shownName } from "../../design/shown-name.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { hasWords, matchParts } from "./match-parts.ts";
import { FileShape } from "./file-shape.tsx";
import { found } from "./list-queries.ts";
import { folderOf, isFolder, type ListedRow } from "./row-source.ts";

const shownMax = 8;
/** More than are shown, so that some still fit after the next letter. */
const readMax = 3 * shownMax;
const lettersMin = 2;
const pauseMs = 150;

export interface FoundListProps {
  /** Id of the list. */
  readonly id: string;
  readonly wanted: string;
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  readonly onLeave: () => void;
  /** Opens the page with all results. */
  readonly onAll: (wanted: string) => void;
}

/** The best results for the text so far, below the search field. Enter alone opens the page with all results. */
export function FoundList({ wanted, onAll, ...list }: FoundListProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["found", wanted],
    placeholderData: keepPreviousData,
    staleTime: 0,
    enabled: wanted.length >= lettersMin,
    queryFn: async ({ signal }) => {
      await wait(pauseMs, signal);
      return (await found(client, { q: wanted }, readMax)(undefined, signal)).rows;
    },
  });
  const options = useMemo(() => {
    const open = (row: ListedRow) => {
      if (isFolder(row)) void navigate({ to: "/files/$id", params: { id: folderOf(row) } });
      else if (row.parentId == null) void navigate({ to: "/shared", search: { open: row.id } });
      else void navigate({ to: "/files/$id", params: { id: row.parentId }, search: { open: row.id } });
    };
    // Results of the previous text are shown until the next ones arrive, as far as they fit.
    const fitting = (data ?? []).filter(({ name }) => hasWords(name, wanted));
    const best = fitting.slice(0, shownMax).map((row): ListedOption => ({
      id: row.id,
      run: () => open(row),
      content: <Found row={row} wanted={wanted} />,
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
  }, [data, wanted, navigate, onAll, message]);
  return (
    <OptionList {...list} wanted={wanted} startsAtFirst={false} label={message("find.results")} options={options} />
  );
}

function Found({ row, wanted }: { readonly row: ListedRow; readonly wanted: string }) {
  const folder = row.path?.slice(0, row.path.lastIndexOf("/"));
  return (
    <>
      <FileShape row={row} thumb={undefined} />
      <span className="min-w-0 py-1">
        <bdi className="block truncate">
          {matchParts(shownName(row.name), wanted).map(({ text, isMatch }, at) =>
            isMatch ? <b key={at}>{text}</b> : <span key={at}>{text}</span>,
          )}
        </bdi>
        {folder !== undefined && folder !== "" && (
          <bdi className="block truncate text-sm text-muted">{shownName(folder)}</bdi>
        )}
      </span>
    </>
  );
}
