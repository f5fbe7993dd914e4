import type { NodeJson } from "@holdfast/protocol/values";
import { type ReactNode, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Command } from "../../../commands/command.ts";
import type { CommandMenu } from "../../../commands/command-menu.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { useKept } from "../../../data/use-kept.ts";
import { useNode } from "../../../data/use-node.ts";
import { lazyPart } from "../../../design/lazy-part.ts";
import { type ListedIn, useSubject } from "../acts/subject.ts";
import { fileIn, type FileInList } from "../acts/file-in.ts";
import type { FilesContext } from "../acts/files-context.ts";
import { NameField } from "../naming/name-field.tsx";
import { bound, openedKeys, openedMenu } from "../acts/opened-commands.ts";
import type { PlaceActs, PlaceQuestion } from "../acts/place-acts.ts";
import type { ListedRow } from "../rows/row-source.ts";
import { usePlaceActs } from "../acts/use-place-acts.ts";

const PlaceQuestions = lazyPart(
  async () => (await import("./place-questions.tsx")).PlaceQuestions,
  ({ close }) => close(),
);

interface OpenedFile extends Partial<Omit<FileInList, "row">> {
  /** Undefined if the list does not contain the file. */
  readonly name: string | undefined;
  readonly menu: Required<CommandMenu<unknown>>;
  /** Commands with keys, but without menu items. */
  readonly keys: readonly Command<unknown>[];
  readonly nameField: ReactNode;
  readonly dialogs: ReactNode;
}

/**
 * Applies the list's commands to the file that is shown above it.
 * @param isOld an old version is shown; commands would change the file instead
 * @param onGo shows another file, or the list
 */
export function useOpenedFile(id: string, isOld: boolean, onGo: (id: string | undefined) => void): OpenedFile {
  const { undo, viewer } = useDrive();
  const kept = useKept();
  const undone = useSyncExternalStore(undo.subscribe, undo.getSnapshot);
  const [renamingId, setRenamingId] = useState<string>();
  const [question, setQuestion] = useState<PlaceQuestion | null>(null);
  const { file, row, place, folderId, setStar } = useFileInList(id);
  const acts = usePlaceActs({
    folder: place?.folder,
    folderId,
    seen: undefined,
    selected: async () => (row === undefined ? [] : [row]),
    beginRename: setRenamingId,
    filter: () => {},
    focus: () => {},
    ask: setQuestion,
    onDone: (ids) => place?.onDone?.(ids),
    onStar: (ids, isStarred) => {
      setStar(ids, isStarred);
      place?.onStar?.(ids, isStarred);
    },
  });
  const trash = useTrash(id, row && file && { ...file, row }, acts, onGo);
  const context: FilesContext | undefined =
    row === undefined || place === undefined || isOld
      ? undefined
      : {
          place: place.kind,
          isOpened: true,
          viewer: viewer.kind,
          folder: place.folder,
          rows: [row],
          count: 1,
          hasRows: true,
          clipboard: undefined,
          kept,
          canUndo: undone.undo !== undefined,
          canRedo: undone.redo !== undefined,
          acts: { ...acts, trash },
        };
  const rename = (name: string) => {
    setRenamingId(undefined);
    if (row !== undefined) acts.rename(row, name);
  };
  return {
    ...file,
    name: row?.name,
    menu: context === undefined ? { groups: [], more: [] } : openedMenu(context),
    keys: context === undefined ? [] : bound(openedKeys, context),
    nameField: row !== undefined && renamingId === id && (
      <NameField key={id} row={row} onName={rename} onCancel={() => setRenamingId(undefined)} />
    ),
    dialogs: question !== null && (
      <Suspense fallback={null}>
        <PlaceQuestions
          question={question}
          acts={acts}
          folder={place?.folder}
          close={() => setQuestion(null)}
          onDone={place?.onDone}
        />
      </Suspense>
    ),
  };
}

interface LastListed {
  readonly file: FileInList;
  readonly place: ListedIn;
  readonly folderId: string | undefined;
}

/** A file that has left the list, for example by losing its star, keeps its neighbors. */
function useFileInList(id: string) {
  const subject = useSubject();
  const { data: node } = useNode(id);
  const [starred, setStarred] = useState<{ readonly ids: ReadonlySet<string>; readonly isStarred: boolean }>();
  const now = useMemo(() => subject && fileIn(subject.rows, id), [subject, id]);
  const last = useRef<LastListed>(undefined);
  if (now !== undefined && subject !== undefined) {
    last.current = { file: now, place: subject.place(), folderId: subject.rows.folderId };
  }
  const { file, place, folderId } = last.current?.file.row.id === id ? last.current : {};
  const rows = subject?.rows;
  const wantsMore = file !== undefined && file.nextId === undefined && file.hasMore;
  useEffect(() => {
    if (wantsMore && rows !== undefined) rows.need(0, rows.total);
  }, [wantsMore, rows]);
  const star = starred?.ids.has(id) === true ? { isStarred: starred.isStarred } : {};
  return {
    file,
    // The list does not update the row of a file that has left it.
    row: now === undefined && file !== undefined ? { ...file.row, ...currentValues(node), ...star } : file?.row,
    place,
    folderId,
    setStar: (ids: ReadonlySet<string>, isStarred: boolean) => setStarred({ ids, isStarred }),
  };
}

function currentValues(node: NodeJson | undefined): Partial<ListedRow> {
  return node === undefined
    ? {}
    : { name: node.name, parentId: node.parent_id, revision: node.revision, role: node.role };
}

/** Shows the next file, else the previous one, else the list. A refused deletion leaves the file on the screen. */
function useTrash(
  id: string,
  file: FileInList | undefined,
  acts: PlaceActs,
  onGo: (id: string | undefined) => void,
): () => void {
  const shownId = useRef(id);
  shownId.current = id;
  /** A second press must not delete again. */
  const going = useRef<string>(undefined);
  if (going.current !== id) going.current = undefined;
  const trash = async ({ row, nextId, previousId }: FileInList) => {
    const { taken } = await acts.trashRows([row]);
    if (shownId.current !== id) return;
    if (taken.length > 0) onGo(nextId ?? previousId);
    else going.current = undefined;
  };
  return () => {
    if (file === undefined || going.current === id) return;
    going.current = id;
    void trash(file);
  };
}
