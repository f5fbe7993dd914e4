import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { FrameFacts } from "../../preview-frame/frame-messages.ts";

/** Names the parts of the file that are not shown. */
export function CutNotice({ facts }: { readonly facts: FrameFacts }) {
  const { message } = useMessages();
  const { isCut, rowsCount, columnsCount, hasCutCells } = facts;
  const ofTable = [
    ...(rowsCount === undefined ? [] : [message("preview.rowsCut", { count: rowsCount })]),
    ...(columnsCount === undefined ? [] : [message("preview.columnsCut", { count: columnsCount })]),
    ...(hasCutCells === true ? [message("preview.cellsCut")] : []),
  ];
  const sentences = ofTable.length > 0 ? [...ofTable, message("preview.tableRest")] : [message("preview.cut")];
  if (ofTable.length === 0 && isCut !== true) return null;
  return (
    <div className="p-2">
      <Notice kind="info">{sentences.join(" ")}</Notice>
    </div>
  );
}
