import { useQuery } from "@tanstack/react-query";
import ChevronRight from "lucide-react/icons/chevron-right";
import CornerLeftUp from "lucide-react/icons/corner-left-up";
import Users from "lucide-react/icons/users";
import type { RefObject } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { useFolder } from "../../../data/use-folder.ts";
import type { Icon } from "../../../design/icon.ts";
import { type ListedOption, OptionList } from "../../../design/option-list.tsx";
import { problemWords } from "../../../messages/problem-words.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { Found } from "../finding/found-list.tsx";
import { sharedWithMe } from "../rows/list-queries.ts";
import { type Hindrance, hindranceOf, locationOf, type Moved, type Target, targetOf } from "./move-targets.ts";
import { isFolder, type ListedRow } from "../rows/row-source.ts";
import { useFound } from "../finding/use-found.ts";

interface TargetListProps {
  readonly kind: "move" | "copy";
  readonly moved: Moved;
  readonly onGo: (target: Target) => void;
  readonly list: {
    readonly id: string;
    /** Input that controls the list and keeps the focus. */
    readonly field: RefObject<HTMLInputElement | null>;
    readonly onActive: (optionId: string | undefined) => void;
    readonly onLeave: () => void;
  };
}

/** Folders whose names match. Only those to which the items can be moved. */
export function FoundTargets({ wanted, moved, onGo, list }: TargetListProps & { readonly wanted: string }) {
  const words = useMessages();
  const { message } = words;
  const { rows, error, isFetching } = useFound(wanted, { type: "folder", lettersMin: 1 });
  const where = useLocations();
  const options = rows
    .filter((row) => hindranceOf(row, moved) === undefined)
    .map((row) => ({
      id: row.id,
      run: () => onGo(targetOf(row)),
      content: <Found row={row} wanted={wanted} about={where(row)} />,
    }));
  const none = error === null ? message("move.notFound") : problemWords(error, words);
  const empty = options.length > 0 || isFetching ? undefined : none;
  return <Targets list={list} wanted={wanted} options={options} empty={empty} />;
}

/** Folder above, or `shared`. The account's own root has none. */
type TargetParent = Target | "none";

/** Folders sort first. Others are reachable by opening or searching. */
const shownMax = 500;

interface FolderTargetsProps extends TargetListProps {
  readonly folderId: string;
  /** Undefined until it has loaded. */
  readonly parent: TargetParent | undefined;
  /** Folders to offer first. Undefined until they have loaded. */
  readonly recent: readonly ListedRow[] | undefined;
}

export function FolderTargets({ folderId, parent, recent, ...choice }: FolderTargetsProps) {
  const words = useMessages();
  const { folders } = useDrive();
  const { folder, total, isComplete, failure } = useFolder(folders, folderId, "natural");
  const rows: ListedRow[] = [];
  for (let index = 0; index < Math.min(total, shownMax); index++) {
    const row = folder.index.rowAt(index);
    // A folder without a revision does not exist yet on the server.
    if (row !== undefined && isFolder(row) && row.revision !== "") rows.push(row);
  }
  const way = useWay(parent, choice.onGo);
  const inFolder = useFolderOptions(choice, rows);
  const where = useLocations();
  // Nothing moves under the pointer once the list is shown.
  const isReady = parent !== undefined && recent !== undefined && (isComplete || total > 0 || failure !== undefined);
  const problem = failure === undefined ? undefined : problemWords(failure, words);
  const none = isComplete && rows.length === 0 ? words.message("move.noFolders") : problem;
  const lately = (recent ?? []).map((row) => ({
    id: `recent-${row.id}`,
    group: words.message("move.recent"),
    run: () => choice.onGo(targetOf(row)),
    content: <Found row={named(row, words.message("files.home"))} wanted="" about={where(row)} />,
  }));
  const group = lately.length === 0 ? undefined : words.message("move.folders");
  const below = [...way, ...inFolder].map((option) => Object.assign({ group }, option));
  return (
    <Targets
      list={choice.list}
      wanted=""
      options={isReady ? [...lately, ...below] : []}
      empty={isReady ? none : undefined}
    />
  );
}

function named(row: ListedRow, home: string): ListedRow {
  return row.name === "" ? { ...row, name: home } : row;
}

/** Folders that others share with the account. */
export function SharedTargets(choice: TargetListProps) {
  const words = useMessages();
  const { client } = useDrive();
  const { data, error } = useQuery({
    queryKey: ["shared-targets"],
    staleTime: 0,
    queryFn: async ({ signal }) => (await sharedWithMe(client)(undefined, signal)).rows.filter(isFolder),
  });
  const way = useWay({ id: "root", name: "" }, choice.onGo);
  const shared = useFolderOptions(choice, data ?? []);
  const none = data?.length === 0 ? words.message("move.noShared") : undefined;
  const empty = error === null ? none : problemWords(error, words);
  return <Targets list={choice.list} wanted="" options={[...way, ...shared]} empty={empty} />;
}

interface TargetsProps extends Pick<TargetListProps, "list"> {
  readonly wanted: string;
  readonly options: readonly ListedOption[];
  readonly empty: string | undefined;
}

function Targets({ list, ...shown }: TargetsProps) {
  const { message } = useMessages();
  return (
    <OptionList
      {...list}
      {...shown}
      place="dialog"
      startsAtFirst={shown.wanted !== ""}
      label={message("move.folders")}
    />
  );
}

function useFolderOptions(
  { kind, moved, onGo }: Omit<TargetListProps, "list">,
  rows: readonly ListedRow[],
): ListedOption[] {
  const { message } = useMessages();
  const reasons: Readonly<Record<Hindrance, string>> = {
    itself: message(kind === "move" ? "move.intoItself" : "move.copyIntoItself"),
    viewOnly: message("move.viewOnly"),
    waits: message("files.isWaiting"),
  };
  return rows.map((row) => {
    const hindrance = hindranceOf(row, moved);
    return {
      id: row.id,
      isDisabled: hindrance !== undefined,
      run: () => onGo(targetOf(row)),
      content: (
        <>
          <Found row={row} wanted="" about={hindrance === undefined ? undefined : reasons[hindrance]} />
          {hindrance === undefined && (
            <ChevronRight aria-hidden size={16} className="shrink-0 text-muted rtl:rotate-180" />
          )}
        </>
      ),
    };
  });
}

/** Leads to the folder above, and from the root to shared folders. */
function useWay(parent: TargetParent | undefined, onGo: (target: Target) => void): ListedOption[] {
  const { message } = useMessages();
  const { viewer } = useDrive();
  if (parent === undefined) return [];
  const option = (target: Target, name: string, WayIcon: Icon, about?: string): ListedOption => ({
    id: `way-${target.id}`,
    run: () => onGo(target),
    content: <Way Icon={WayIcon} name={name} about={about} />,
  });
  const shared = { id: "shared", name: message("place.shared") };
  if (parent === "none") return viewer.kind === "account" ? [option(shared, shared.name, Users)] : [];
  return [option(parent, parent.name || message("files.home"), CornerLeftUp, message("files.parent"))];
}

interface WayProps {
  readonly Icon: Icon;
  readonly name: string;
  readonly about: string | undefined;
}

function Way({ Icon: WayIcon, name, about }: WayProps) {
  return (
    <>
      <span className="flex size-6 shrink-0 items-center justify-center text-muted pointer-coarse:size-9">
        <WayIcon aria-hidden size={20} className="rtl:-scale-x-100" />
      </span>
      <span className="min-w-0 flex-1 py-1">
        <span className="block truncate">
          <bdi>{name}</bdi>
        </span>
        {about !== undefined && <span className="block truncate text-sm text-muted">{about}</span>}
      </span>
    </>
  );
}

function useLocations(): (row: ListedRow) => string {
  const { message } = useMessages();
  const { viewer } = useDrive();
  // The top folder of a link has no folder above it.
  const shared = viewer.kind === "account" ? message("place.shared") : "";
  return (row) => locationOf(row, message("files.home"), shared);
}
