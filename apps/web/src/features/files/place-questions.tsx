import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { ShownFolder } from "./files-context.ts";
import { MoveDialog } from "./move-dialog.tsx";
import type { ListedRow } from "./row-source.ts";
import type { PlaceActs, PlaceQuestion } from "./place-acts.ts";

interface PlaceQuestionsProps {
  readonly question: PlaceQuestion | null;
  readonly acts: PlaceActs;
  readonly folder: ShownFolder | undefined;
  readonly close: () => void;
  readonly onDone: ((ids: ReadonlySet<string>) => void) | undefined;
}

/** What is asked before an act: where to, or whether one is sure of what cannot be undone. */
export function PlaceQuestions({ question, acts, folder, close: onClose, onDone }: PlaceQuestionsProps) {
  if (question === null) return null;
  if (question.kind === "emptyTrash") return <PurgeDialog rows={null} onClose={onClose} onDone={onDone} />;
  if (question.kind === "purge") return <PurgeDialog rows={question.rows} onClose={onClose} onDone={onDone} />;
  const { kind, rows } = question;
  return (
    <MoveDialog
      kind={kind}
      rows={rows}
      from={folder}
      onClose={onClose}
      onChoose={(to) => {
        onClose();
        acts.put(kind, rows, to);
      }}
    />
  );
}

interface PurgeDialogProps {
  /** Null: all of the trash. */
  readonly rows: readonly ListedRow[] | null;
  readonly onClose: () => void;
  readonly onDone: ((ids: ReadonlySet<string>) => void) | undefined;
}

function PurgeDialog({ rows, onClose, onDone }: PurgeDialogProps) {
  const messages = useMessages();
  const { message } = messages;
  const { client } = useDrive();
  const [isBusy, setBusy] = useState(false);
  const count = rows?.length ?? 0;
  const purge = async () => {
    setBusy(true);
    const gone = new Set<string>();
    let purged = 0;
    try {
      if (rows === null) ({ purged } = await client.call("emptyTrash", {}));
      for (const { id } of rows ?? []) {
        await client.call("purgeFromTrash", { params: { id } });
        gone.add(id);
      }
      showToast({ text: message("files.purged", { count: rows === null ? purged : gone.size }) });
    } catch (thrown) {
      showToast({ kind: "error", text: problemWords(thrown, messages) });
    }
    onDone?.(gone);
    onClose();
  };
  return (
    <FormDialog
      open
      title={rows === null ? message("files.emptyTitle") : message("files.purgeTitle", { count })}
      about={message(rows === null ? "files.emptyText" : "files.purgeText")}
      act={message("files.purgeAct")}
      isDanger
      busy={isBusy}
      onSubmit={() => void purge()}
      onClose={onClose}
    />
  );
}
