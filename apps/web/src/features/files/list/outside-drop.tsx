import Upload from "lucide-react/icons/upload";
import { useEffect, useState } from "react";
import { dropUploads } from "../../../commands/uploads.ts";
import { useMessages } from "../../../messages/use-messages.ts";

/** Accepts files anywhere, because the browser would otherwise leave the app to show them. */
export function OutsideDrop({
  folderId,
  folderName,
}: {
  readonly folderId: string | undefined;
  /** Empty until the name has loaded. */
  readonly folderName: string;
}) {
  const { message } = useMessages();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    let depth = 0;
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const set = (next: number) => {
      depth = next;
      setOver(next > 0);
    };
    addEventListener("dragenter", (event) => isFiles(event) && set(depth + 1), { signal });
    addEventListener("dragleave", (event) => isFiles(event) && set(Math.max(0, depth - 1)), { signal });
    addEventListener(
      "dragover",
      (event) => {
        if (!isFiles(event) || event.dataTransfer === null) return;
        event.preventDefault();
        // The drag began before the listeners existed.
        if (depth === 0) set(1);
        event.dataTransfer.dropEffect = folderId === undefined ? "none" : "copy";
      },
      { signal },
    );
    addEventListener(
      "drop",
      (event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        set(0);
        if (folderId !== undefined && event.dataTransfer !== null) dropUploads(event.dataTransfer, folderId);
      },
      { signal },
    );
    return () => end.abort();
  }, [folderId]);
  if (!isOver) return null;
  return (
    <div className="pointer-events-none fixed inset-0 z-40 flex items-end justify-center bg-selected/70 p-8 outline-2 -outline-offset-8 outline-accent outline-dashed">
      <p className="flex items-center gap-3 rounded-lg bg-raised px-6 py-4 text-lg font-semibold shadow-over">
        <Upload aria-hidden size={20} className="text-accent" />
        {folderId === undefined
          ? message("files.dropNot")
          : message("files.dropInto", { folder: folderName || message("files.home") })}
      </p>
    </div>
  );
}
