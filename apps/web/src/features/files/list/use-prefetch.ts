import { type PointerEvent, useCallback, useEffect, useRef } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { folderOf, isFolder, type RowSource } from "../rows/row-source.ts";

const restMs = 100;

/** Loads the folder under a resting pointer, until the pointer leaves. */
export function usePrefetch(source: RowSource) {
  const { folders } = useDrive();
  const over = useRef<{ readonly id: string; readonly leave: () => void }>(undefined);
  const leave = useCallback(() => {
    over.current?.leave();
    over.current = undefined;
  }, []);
  useEffect(() => leave, [leave]);
  const onPointerOver = (event: PointerEvent) => {
    const id =
      event.target instanceof Element ? event.target.closest<HTMLElement>("[data-id]")?.dataset["id"] : undefined;
    if (id === over.current?.id) return;
    leave();
    const row = id === undefined ? undefined : source.row(id);
    // A touch opens the folder anyway.
    if (row === undefined || !isFolder(row) || event.pointerType === "touch") return;
    let stop = () => {};
    const timer = setTimeout(() => (stop = folders.prefetch(folderOf(row), "natural")), restMs);
    over.current = {
      id: row.id,
      leave: () => {
        clearTimeout(timer);
        stop();
      },
    };
  };
  return { onPointerOver, onPointerLeave: leave };
}
