import { toHoldfastError } from "@holdfast/core/errors";
import { useEffect, useState } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { FormDialog } from "../../../design/form-dialog.tsx";
import { showToast } from "../../../design/toasts.ts";
import type { Messages } from "../../../messages/messages.ts";
import { problemWords } from "../../../messages/problem-words.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { countWithin, withinCountMax } from "./count-within.ts";
import type { ListedRow, SeenTrash } from "../rows/row-source.ts";

interface PurgeDialogProps {
  /** Undefined: the whole trash. */
  readonly rows?: readonly ListedRow[];
  /** Position up to which the whole trash was shown. */
  readonly seen?: SeenTrash;
  readonly onClose: () => void;
  readonly onDone: ((ids: ReadonlySet<string>) => void) | undefined;
}

export function PurgeDialog({ rows, seen, onClose, onDone }: PurgeDialogProps) {
  const messages = useMessages();
  const { message } = messages;
  const { client } = useDrive();
  const [isBusy, setBusy] = useState(false);
  const within = useWithin(rows);
  const purge = async () => {
    setBusy(true);
    const gone = new Set<string>();
    let purged = 0;
    try {
      if (rows === undefined) ({ purged } = await client.call("emptyTrash", { query: { ...seen } }));
      for (const { id, revision } of rows ?? []) {
        // A folder restored and trashed again may contain more than was seen.
        const query = { base_revision: revision };
        await client.call("purgeFromTrash", { params: { id }, query }).catch(passOverGone);
        gone.add(id);
      }
      if (rows !== undefined) purged = gone.size + (typeof within === "number" ? within : 0);
      showToast({ text: message("purge.done", { count: purged }) });
    } catch (thrown) {
      showToast({ kind: "error", text: problemWords(thrown, messages) });
    }
    onDone?.(gone);
    onClose();
  };
  return (
    <FormDialog
      open
      title={rows === undefined ? message("purge.emptyTitle") : message("purge.title", { count: rows.length })}
      about={rows === undefined ? message("purge.emptyText") : aboutOf(within, messages)}
      act={message("purge.act")}
      isDanger
      busy={isBusy || within === "asking"}
      onSubmit={() => void purge()}
      onClose={onClose}
    />
  );
}

/** Ignores an item that was already deleted with a chosen folder. */
function passOverGone(thrown: unknown): void {
  if (toHoldfastError(thrown).code !== "not_found") throw thrown;
}

/** `any`: number unknown. */
type Within = number | "asking" | "any";

/** Maximum wait for the count. */
const patienceMs = 5000;

function useWithin(rows: readonly ListedRow[] | undefined): Within {
  const { client } = useDrive();
  const hasFolders = rows?.some(({ kind }) => kind === "folder") ?? false;
  const [within, setWithin] = useState<Within>(hasFolders ? "asking" : 0);
  useEffect(() => {
    if (rows === undefined || !hasFolders) return undefined;
    const ending = new AbortController();
    const update = (found: Within) => {
      if (!ending.signal.aborted) setWithin(found);
    };
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(patienceMs)]);
    countWithin(client, rows, signal).then(
      (count) => update(count ?? "any"),
      () => update("any"),
    );
    return () => ending.abort();
  }, [client, rows, hasFolders]);
  return within;
}

function aboutOf(within: Within, messages: Messages): string {
  const { message } = messages;
  return [message("purge.versions"), withinWords(within, messages), message("purge.noWayBack")].flat().join(" ");
}

function withinWords(within: Within, { message }: Messages): string[] {
  if (within === 0) return [];
  if (typeof within !== "number") return [message("purge.withinAny")];
  if (within > withinCountMax) return [message("purge.withinMany", { count: withinCountMax })];
  return [message("purge.within", { count: within })];
}
