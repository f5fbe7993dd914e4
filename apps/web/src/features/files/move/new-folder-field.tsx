import { nameKey } from "@holdfast/core/names";
import Folder from "lucide-react/icons/folder";
import { useEffect, useMemo, useRef, useState } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { useFolder } from "../../../data/use-folder.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { act } from "../acts/act-runner.ts";
import { NameInput } from "../naming/name-input.tsx";
import { freeName } from "./target-names.ts";

interface NewFolderFieldProps {
  readonly folderId: string;
  readonly onMade: (folder: { readonly id: string; readonly name: string }) => void;
  readonly onCancel: () => void;
}

/** Creates a folder with the entered name. */
export function NewFolderField({ folderId, onMade, onCancel }: NewFolderFieldProps) {
  const { message } = useMessages();
  const drive = useDrive();
  const [isBusy, setBusy] = useState(false);
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => void (isShown.current = false);
  }, []);
  const { folder, total } = useFolder(drive.folders, folderId, "natural");
  const names = useMemo(() => {
    const rows = Array.from({ length: total }, (_, index) => folder.index.rowAt(index));
    return new Set(rows.flatMap((row) => (row === undefined ? [] : [nameKey(row.name)])));
  }, [folder, total]);
  const isTaken = (name: string) => names.has(nameKey(name));
  const name = freeName(message("files.newFolder"), isTaken);
  const make = async (wanted: string) => {
    if (isBusy) return;
    setBusy(true);
    const step = { op: "mkdir", parent_id: folderId, name: wanted, on_conflict: "fail" } as const;
    const { taken } = await act(drive, [step], new Map(), () => message("files.created", { name: wanted }));
    const made = taken[0]?.after;
    // Escape, or another folder, was chosen meanwhile.
    if (!isShown.current) return;
    if (made === undefined) setBusy(false);
    else onMade(made);
  };
  return (
    <div className="flex min-h-11 items-center gap-3 px-4">
      <Folder aria-hidden size={20} className="shrink-0 fill-selected text-accent" />
      <NameInput
        name={name}
        stem={name.length}
        label={message("move.newName")}
        // The list shows the new folder before the server has answered.
        isTaken={(wanted) => !isBusy && isTaken(wanted)}
        onEnd={(wanted) => (wanted === undefined ? onCancel() : void make(wanted))}
      />
    </div>
  );
}
