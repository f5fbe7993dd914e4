import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { flushSync } from "react-dom";
import { commandMenu, platform } from "../../../commands/command-menu.ts";
import { offered, pressedCommand } from "../../../commands/command.ts";
import { keysOf } from "../../../commands/listed-key.ts";
import { offerCommands, ready } from "../../../commands/ready-commands.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { useKept } from "../../../data/use-kept.ts";
import { type OpenMenu, openMenu } from "../../../design/menu.ts";
import { messages } from "../../../messages/use-messages.ts";
import { useOfferMainActs } from "../acts/main-acts.ts";
import { type ListSubject, useOfferSubject } from "../acts/subject.ts";
import { useClipboard } from "../acts/clipboard.ts";
import { allCommands, fileMenu, placeMenu } from "../acts/file-commands.ts";
import type { FileListHandle } from "../list/file-list.tsx";
import { type FilesContext, mayAdd, type PlaceKind, type ShownFolder, withOneSelected } from "../acts/files-context.ts";
import { listedListKeys } from "./listed-list-keys.ts";
import type { PlaceQuestion } from "../acts/place-acts.ts";
import type { Point } from "../list/points.ts";
import type { RowSource } from "../rows/row-source.ts";
import { loadedSelection, rowsOf } from "../rows/selected-rows.ts";
import { selectedCount } from "../rows/selection.ts";
import { useFilter } from "../list/use-filter.ts";
import { useMoving } from "./use-moving.ts";
import { useListActionsOf } from "./use-list-actions-of.ts";
import { useLiveOrder } from "../rows/use-live-order.ts";
import { usePlaceActs } from "../acts/use-place-acts.ts";
import { useSelection } from "../list/use-selection.ts";
import { useUndone } from "./use-undone.ts";
import type { SortOrder } from "../../../data/row-order.ts";
import type { Column } from "../list/columns.ts";

export function usePlace(props: ListPlaceProps) {
  const { source, kind, folder, onDone = nothing, onStar = nothing } = props;
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);
  const [chosen, act] = useSelection(source);
  const [renamingId, setRenamingId] = useState<string | null>(null);
  const [question, setQuestion] = useState<PlaceQuestion | null>(null);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const handle = useRef<FileListHandle>(null);
  const clip = useClipboard();
  const kept = useKept();
  const { undo, viewer } = useDrive();
  const undone = useSyncExternalStore(undo.subscribe, undo.getSnapshot);
  const filter = useFilter({ source, selection: chosen, act, handle });
  const { selection } = filter;
  const live = useLiveOrder(source, renamingId !== null || question !== null || isMenuOpen);
  useUndone({ source, act, handle, snapshot });
  const focus = (id: string) => {
    act({ type: "only", id });
    handle.current?.focus(id);
  };
  const acts = usePlaceActs({
    folder,
    folderId: source.folderId,
    seen: source.seen,
    selected: () => loadedSelection(selection, source),
    beginRename: setRenamingId,
    filter: filter.begin,
    focus,
    ask: setQuestion,
    onDone,
    onStar,
  });
  const rows = useMemo(() => rowsOf(selection, source, snapshot), [selection, source, snapshot]);
  const context: FilesContext = {
    place: kind,
    viewer: viewer.kind,
    folder,
    isUnreadable: typeof source.state === "object",
    rows,
    count: selectedCount(selection, source.total),
    hasRows: source.total > 0,
    clipboard: clip,
    kept,
    canUndo: undone.undo !== undefined,
    canRedo: undone.redo !== undefined,
    acts,
  };
  const latest = useRef(context);
  latest.current = context;
  const showMenu = useShowMenu(latest, setMenuOpen);
  const { thumbTag } = props;
  const actions = useListActionsOf({ act, acts, handle, showMenu, setRenamingId, selection, thumbTag, viewer });
  useOfferMainActs(useMainActsOf(context));
  useOfferCommands(latest);
  useOfferSubject(useSubjectOf(context, props, filter.shown, snapshot));
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && filter.isOpen) {
      filter.end();
      return true;
    }
    const command = pressedCommand(allCommands, event.nativeEvent, platform, latest.current);
    void command?.run(latest.current);
    return command !== undefined;
  };
  const cutIds = useMemo(() => new Set(clip?.kind === "cut" ? clip.rows.map(({ id }) => id) : []), [clip]);
  const moving = useMoving({ acts, folder, mayTake: mayAdd(context) });
  const dialogs = { question, close: () => setQuestion(null) };
  const parts = { selection, act: filter.act, filter, renamingId, handle, live, acts, context };
  return { ...parts, showMenu, actions, onKey, cutIds, moving, dialogs };
}

function nothing(): void {}

function useOfferCommands(latest: { readonly current: FilesContext }): void {
  useEffect(
    () =>
      offerCommands({
        possible: () => ready(offered(allCommands, latest.current), latest.current),
        keys: () => [...keysOf(allCommands, withOneSelected(latest.current)), ...listedListKeys],
      }),
    [latest],
  );
}

function useShowMenu(latest: { readonly current: FilesContext }, setOpen: (isOpen: boolean) => void) {
  return useCallback(
    (at: Point, byKey: boolean, onDismiss?: () => void) => {
      // The press may have selected another row, which must render first.
      flushSync(() => setOpen(true));
      openPlaceMenu(latest.current, { at, byKey, onDismiss, onClose: () => setOpen(false) });
    },
    [latest, setOpen],
  );
}

type MenuPlace = Pick<OpenMenu, "at" | "byKey" | "onDismiss"> & { readonly onClose: () => void };

function openPlaceMenu(context: FilesContext, place: MenuPlace): void {
  const items = commandMenu(context.count > 0 ? fileMenu : placeMenu, context);
  if (items.length === 0) return place.onClose();
  openMenu({ ...place, label: menuLabel(context), items });
}

function menuLabel({ count, rows, folder }: FilesContext): string {
  const { message } = messages();
  if (count > 1) return message("files.selected", { count });
  return (count === 1 ? rows[0] : folder)?.name || message("files.home");
}

/** Subject of panel and preview: the only selected item, otherwise the folder. */
function useSubjectOf(
  { rows, count, folder }: FilesContext,
  props: ListPlaceProps,
  source: RowSource,
  snapshot: unknown,
): ListSubject {
  const id = count === 1 ? rows[0]?.id : folder?.id;
  const latest = useRef(props);
  latest.current = props;
  return useMemo(
    // New after every change, because the neighbors may differ.
    () => ({ id, snapshot, rows: source, place: () => latest.current }),
    [id, source, snapshot],
  );
}

function useMainActsOf(context: FilesContext) {
  const isOpen = mayAdd(context);
  const { acts } = context;
  return useMemo(
    () =>
      isOpen
        ? {
            newFolder: acts.newFolder,
            newText: acts.newText,
            uploadFiles: () => acts.upload("files"),
            uploadFolder: () => acts.upload("folder"),
            takePhoto: () => acts.upload("photo"),
          }
        : undefined,
    [isOpen, acts],
  );
}

export interface ListPlaceProps {
  readonly kind: PlaceKind;
  /** Place of the chosen view: see `useView`. */
  readonly viewKey: string;
  readonly name: string;
  /** Path and filters of the list. */
  readonly heading: ReactNode;
  readonly source: RowSource;
  readonly columns: readonly Column[];
  readonly empty: string;
  /** Shows first steps instead of `empty`. */
  readonly begin?: ((onUpload: () => void) => ReactNode) | undefined;
  readonly folder?: ShownFolder | undefined;
  readonly sort?: SortOrder;
  readonly onSort?: (sort: SortOrder) => void;
  /** Updates lists that the journal does not. */
  readonly onDone?: (ids: ReadonlySet<string>) => void;
  readonly onStar?: (ids: ReadonlySet<string>, isStarred: boolean) => void;
  readonly thumbTag?: string | undefined;
}
