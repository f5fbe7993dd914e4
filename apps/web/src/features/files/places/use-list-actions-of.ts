import { type RefObject, useMemo, useRef } from "react";
import type { Viewer } from "../../../data/viewer.ts";
import type { FileListHandle } from "../list/file-list.tsx";
import type { ListActions } from "../list/list-actions.ts";
import type { Point } from "../list/points.ts";
import { isPicture } from "../rows/file-kind.ts";
import { isSelected, type Selection, type SelectionAct } from "../rows/selection.ts";
import type { PlaceActs } from "../acts/place-acts.ts";
import { addressOf } from "../rows/row-source.ts";

interface Parts {
  readonly act: (act: SelectionAct) => void;
  readonly acts: PlaceActs;
  readonly handle: RefObject<FileListHandle | null>;
  readonly showMenu: (at: Point, byKey: boolean, onDismiss?: () => void) => void;
  readonly setRenamingId: (id: string | null) => void;
  readonly selection: Selection;
  readonly thumbTag: string | undefined;
  readonly viewer: Viewer;
}

/** Changes only if rows look different. */
export function useListActionsOf(parts: Parts): ListActions {
  const latest = useRef(parts);
  latest.current = parts;
  const { thumbTag, viewer } = parts;
  return useMemo(() => {
    const now = () => latest.current;
    const endRename = (id: string) => {
      now().setRenamingId(null);
      now().handle.current?.focus(id);
    };
    return {
      open: (row) => now().acts.openRow(row),
      toggle: (row) => now().act({ type: "toggle", id: row.id }),
      showMenu: (row, at, byKey) => {
        const unselect = () => now().act({ type: "none" });
        if (isSelected(now().selection, row.id)) return now().showMenu(at, byKey);
        now().act({ type: "only", id: row.id });
        now().showMenu(at, byKey, unselect);
      },
      rename: (row, name) => {
        endRename(row.id);
        now().acts.rename(row, name);
      },
      endRename: (row) => endRename(row.id),
      addressOf: (row) => addressOf(row, viewer),
      // The page of a document is unreadable at icon size.
      thumbOf: (row, size) =>
        row.thumb === undefined || thumbTag === undefined || (size === "s" && !isPicture(row))
          ? undefined
          : `/api/v1/thumbs/${row.thumb}/${viewer.isCounted ? "s" : size}?t=${thumbTag}`,
    };
  }, [thumbTag, viewer]);
}
