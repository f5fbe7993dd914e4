import type { Drive } from "../../../data/drive.ts";
import { showToast } from "../../../design/toasts.ts";
import { messages } from "../../../messages/use-messages.ts";
import { folderOf, isFolder, type ListedRow } from "../rows/row-source.ts";

export async function keepOffline(
  { kept }: Pick<Drive, "kept">,
  rows: readonly ListedRow[],
  isKept: boolean,
): Promise<void> {
  const { message } = messages();
  if (!kept.isPossible) {
    showToast({ kind: "error", text: message("offline.cannotKeep") });
    return;
  }
  const marks = rows.map((row) => ({
    id: folderOf(row),
    kind: isFolder(row) ? ("folder" as const) : ("file" as const),
    name: row.name,
  }));
  const count = marks.length;
  showToast({ text: message(isKept ? "offline.keeping" : "offline.droppedOffline", { count }) });
  if (isKept) await kept.keep(marks);
  else await kept.drop(new Set(marks.map(({ id }) => id)));
}
