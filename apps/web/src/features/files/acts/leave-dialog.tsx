import { toHoldfastError } from "@holdfast/core/errors";
import { useState } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { FormDialog } from "../../../design/form-dialog.tsx";
import { shownName } from "../../../design/shown-name.ts";
import { showToast } from "../../../design/toasts.ts";
import { problemWords } from "../../../messages/problem-words.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import type { ListedRow } from "../rows/row-source.ts";

interface LeaveDialogProps {
  readonly rows: readonly ListedRow[];
  readonly onClose: () => void;
  readonly onDone: ((ids: ReadonlySet<string>) => void) | undefined;
}

/** Asks before the account gives up its access to shared items. */
export function LeaveDialog({ rows, onClose, onDone }: LeaveDialogProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const [isBusy, setBusy] = useState(false);
  const named = { count: rows.length, name: shownName(rows[0]?.name ?? "") };
  const leave = async () => {
    setBusy(true);
    const left = new Set<string>();
    try {
      for (const { id, received } of rows) {
        if (received === undefined) continue;
        for (const permissionId of received.permissionIds)
          await client.call("deletePermission", { params: { id: permissionId } }).catch(ignoreEnded);
        left.add(id);
      }
      showToast({ text: message("share.left", named) });
    } catch (thrown) {
      const isLimit = toHoldfastError(thrown).code === "forbidden";
      showToast({ kind: "error", text: isLimit ? message("share.leaveLimit") : problemWords(thrown, words) });
    }
    onDone?.(left);
    onClose();
  };
  return (
    <FormDialog
      open
      size="small"
      title={message("share.leaveTitle", named)}
      about={message("share.leaveAbout")}
      act={message("share.leaveDo")}
      isDanger
      busy={isBusy}
      onSubmit={() => void leave()}
      onClose={onClose}
    />
  );
}

/** Ignores a share that its owner has ended meanwhile. */
function ignoreEnded(thrown: unknown): void {
  if (toHoldfastError(thrown).code !== "not_found") throw thrown;
}
