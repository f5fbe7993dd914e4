import Copy from "lucide-react/icons/copy";
import { useSyncExternalStore } from "react";
import { useMessages } from "../../../messages/use-messages.ts";
import { currentDrag, watchDrag } from "./drag-gesture.ts";

/** Shows the number of items and the effect of a drop at the pointer. */
export function DragGhost() {
  const { message } = useMessages();
  const shown = useSyncExternalStore(watchDrag, currentDrag);
  if (shown === null) return null;
  const { at, target, copy, count } = shown;
  return (
    <div
      aria-hidden
      style={{ transform: `translate(${at.x + 12}px, ${at.y + 12}px)` }}
      className="pointer-events-none fixed top-0 left-0 z-40 flex items-center gap-2 rounded-md bg-raised px-3 py-2 shadow-over"
    >
      {copy ? <Copy size={16} className="text-accent" /> : null}
      <span className={target === null ? "text-muted" : "font-semibold"}>{message("files.dragging", { count })}</span>
    </div>
  );
}
