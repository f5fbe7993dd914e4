import { useMemo, useState } from "react";
import { Choices } from "../../design/choice.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { type Choice, mergeTexts, type MergedPart, textOf } from "./merge-texts.ts";

interface MergeDialogProps {
  readonly base: string;
  readonly mine: string;
  readonly theirs: string;
  /** The text is not saved yet. */
  readonly onTake: (text: string) => void;
  readonly onClose: () => void;
}

type Conflict = Extract<MergedPart, { kind: "conflict" }>;

/** Merges with a version saved elsewhere. The person resolves conflicts. */
export function MergeDialog({ base, mine, theirs, onTake, onClose }: MergeDialogProps) {
  const { message } = useMessages();
  const parts = useMemo(() => mergeTexts(mine, base, theirs), [mine, base, theirs]);
  const conflicts = parts.filter((part): part is Conflict => part.kind === "conflict");
  const [choices, setChoices] = useState<readonly Choice[]>(() => conflicts.map(() => "both"));
  return (
    <FormDialog
      open
      size="large"
      title={message("edit.merge")}
      about={
        conflicts.length === 0
          ? message("edit.mergeClean")
          : message("edit.mergeConflicts", { count: conflicts.length })
      }
      act={message("edit.mergeTake")}
      cancel={message("edit.mergeBack")}
      onSubmit={() => onTake(textOf(parts, choices))}
      onClose={onClose}
    >
      <ol className="flex flex-col gap-6">
        {conflicts.map((conflict, index) => (
          // The order of conflicts never changes.
          <li key={index} className="flex flex-col gap-3">
            <div className="grid gap-3 md:grid-cols-2">
              <Side label={message("edit.mine")} text={conflict.mine} />
              <Side label={message("edit.theirs")} text={conflict.theirs} />
            </div>
            <Choices
              label={message("edit.choose", { count: index + 1 })}
              value={choices[index] ?? "both"}
              choices={[
                { value: "both", label: message("edit.both") },
                { value: "mine", label: message("edit.mine") },
                { value: "theirs", label: message("edit.theirs") },
              ]}
              onChoose={(choice) => setChoices(choices.with(index, choice))}
            />
          </li>
        ))}
      </ol>
    </FormDialog>
  );
}

function Side({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-sm text-muted">{label}</p>
      <pre dir="auto" className="max-h-60 overflow-auto rounded-md bg-hover p-3 font-mono text-sm whitespace-pre-wrap">
        {text}
      </pre>
    </div>
  );
}
