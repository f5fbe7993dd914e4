import { Suspense } from "react";
import { lazyPart } from "../../../design/lazy-part.ts";
import { withWords } from "../../../messages/use-messages.ts";
import type { ShownFolder } from "../acts/files-context.ts";
import type { PlaceActs, PlaceQuestion } from "../acts/place-acts.ts";

const close = ({ onClose }: { readonly onClose: () => void }) => onClose();
const PurgeDialog = lazyPart(async () => (await withWords(import("../acts/purge-dialog.tsx"))).PurgeDialog, close);
const MoveDialog = lazyPart(async () => (await withWords(import("../move/move-dialog.tsx"))).MoveDialog, close);
const LeaveDialog = lazyPart(async () => (await withWords(import("../acts/leave-dialog.tsx"))).LeaveDialog, close);

interface PlaceQuestionsProps {
  readonly question: PlaceQuestion | null;
  readonly acts: PlaceActs;
  readonly folder: ShownFolder | undefined;
  readonly close: () => void;
  readonly onDone: ((ids: ReadonlySet<string>) => void) | undefined;
}

export function PlaceQuestions({ question, acts, folder, close: onClose, onDone }: PlaceQuestionsProps) {
  if (question === null) return null;
  if (question.kind === "emptyTrash" || question.kind === "purge") {
    return (
      <Suspense>
        <PurgeDialog {...question} onClose={onClose} onDone={onDone} />
      </Suspense>
    );
  }
  if (question.kind === "leave") {
    return (
      <Suspense>
        <LeaveDialog rows={question.rows} onClose={onClose} onDone={onDone} />
      </Suspense>
    );
  }
  const { kind, rows } = question;
  return (
    <Suspense>
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
    </Suspense>
  );
}
