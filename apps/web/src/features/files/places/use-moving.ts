import { useMemo } from "react";
import { messages } from "../../../messages/use-messages.ts";
import { dropAttributes, trashTarget } from "../list/drop-targets.ts";
import type { Moving } from "../list/file-list.tsx";
import type { FilesContext } from "../acts/files-context.ts";
import type { PlaceActs } from "../acts/place-acts.ts";

/** Only items of a folder can be moved. @param mayTake the folder itself accepts items */
export function useMoving({
  acts,
  folder,
  mayTake,
}: {
  readonly acts: PlaceActs;
  readonly folder: FilesContext["folder"];
  readonly mayTake: boolean;
}): Moving | undefined {
  return useMemo(() => {
    if (folder === undefined) return undefined;
    const { id, name, lineage } = folder;
    return {
      from: id,
      ground: mayTake ? dropAttributes(id, name || messages().message("files.home"), lineage, false) : {},
      drop: (target, copy, rows) => {
        if (target.id === trashTarget) void acts.trashRows(rows);
        else acts.put(copy ? "copy" : "move", rows, target);
      },
      spring: (target) => acts.goTo(target.id),
    };
  }, [folder, mayTake, acts]);
}
