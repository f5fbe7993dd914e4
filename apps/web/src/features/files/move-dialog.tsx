import ChevronRight from "lucide-react/icons/chevron-right";
import Folder from "lucide-react/icons/folder";
import { useMemo, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useFolder } from "../../data/use-folder.ts";
import { Crumbs } from "../../design/crumbs.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { ShownFolder } from "./files-context.ts";
import { folderOf, isFolder, type ListedRow } from "./row-source.ts";
import { useLineage } from "./use-lineage.ts";

interface MoveDialogProps {
  readonly kind: "move" | "copy";
  readonly rows: readonly ListedRow[];
  readonly from: ShownFolder | undefined;
  readonly onClose: () => void;
  readonly onChoose: (to: { readonly id: string; readonly name: string }) => void;
}

/** Alternative to dragging. */
export function MoveDialog({ kind, rows, from, onClose, onChoose }: MoveDialogProps) {
  const { message } = useMessages();
  const [at, setAt] = useState(from?.id ?? "root");
  const lineage = useLineage(at);
  const here = lineage.data?.[0];
  const names = (lineage.data ?? []).toReversed().map(({ id, name }) => ({
    id,
    name: name === "" ? message("files.home") : name,
    onOpen: () => setAt(id),
  }));
  const name = names.at(-1)?.name ?? "";
  // A copy may stay in the same folder.
  const isHere = kind === "move" && here?.id === from?.id;
  return (
    <FormDialog
      open
      size="medium"
      title={message(kind === "move" ? "files.moveTitle" : "files.copyTitle", { count: rows.length })}
      act={message(kind === "move" ? "files.moveHere" : "files.copyHere", { folder: name })}
      disabled={here === undefined || isHere}
      onSubmit={() => here !== undefined && onChoose({ id: here.id, name })}
      onClose={onClose}
    >
      <Crumbs
        crumbs={names}
        link={(crumb, shown, look) => (
          <button type="button" className={look} onClick={crumb.onOpen}>
            {shown}
          </button>
        )}
      />
      {here === undefined ? null : <Folders key={here.id} id={here.id} moved={rows} onOpen={setAt} />}
    </FormDialog>
  );
}

interface FoldersProps {
  readonly id: string;
  readonly moved: readonly ListedRow[];
  readonly onOpen: (id: string) => void;
}

/** Folders sort first. Others are reachable by opening or searching. */
const shownMax = 500;

function Folders({ id, moved, onOpen }: FoldersProps) {
  const { message } = useMessages();
  const { folders } = useDrive();
  const { folder, total, isComplete } = useFolder(folders, id, "natural");
  const movedIds = useMemo(() => new Set(moved.map((row) => row.id)), [moved]);
  const shown: ListedRow[] = [];
  for (let index = 0; index < Math.min(total, shownMax); index++) {
    const row = folder.index.rowAt(index);
    if (row !== undefined && isFolder(row)) shown.push(row);
  }
  if (shown.length === 0 && isComplete)
    return <p className="py-8 text-center text-muted">{message("files.noFolders")}</p>;
  return (
    <ul className="flex h-72 flex-col overflow-y-auto rounded-md border border-line p-1">
      {shown.map((row) => (
        <li key={row.id}>
          <button
            type="button"
            disabled={movedIds.has(row.id)}
            onClick={() => onOpen(folderOf(row))}
            className="flex h-row w-full items-center gap-3 rounded-md px-3 text-start hover:bg-hover active:bg-pressed disabled:cursor-default disabled:opacity-60 disabled:hover:bg-transparent"
          >
            <Folder aria-hidden size={20} className="shrink-0 fill-selected text-accent" />
            <bdi className="min-w-0 flex-1 truncate">{row.name}</bdi>
            <ChevronRight aria-hidden size={16} className="shrink-0 text-muted rtl:rotate-180" />
          </button>
        </li>
      ))}
    </ul>
  );
}
