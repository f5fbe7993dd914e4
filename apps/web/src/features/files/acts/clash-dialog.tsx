import { useState } from "react";
import { Checkbox, Choices } from "../../../design/choice.tsx";
import { FormDialog } from "../../../design/form-dialog.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import type { Refused } from "./file-steps.ts";
import type { ClashChoice, ClashQuestion } from "./clashes.ts";

export function ClashDialog({ question: { clashes, folderName, answer } }: { readonly question: ClashQuestion }) {
  const { message } = useMessages();
  const [decided, setDecided] = useState<readonly ClashChoice[]>([]);
  const [choice, setChoice] = useState<ClashChoice>("keep");
  const [forAll, setForAll] = useState(clashes.length > 1);
  const left = clashes.length - decided.length;
  const clash = clashes[decided.length];
  const name = clash === undefined ? "" : takenName(clash);
  const skipRest = () => answer([...decided, ...Array.from({ length: left }, () => "skip" as const)]);
  const go = () => {
    const next = [...decided, ...Array.from({ length: forAll ? left : 1 }, () => choice)];
    if (next.length === clashes.length) answer(next);
    else setDecided(next);
  };
  return (
    <FormDialog
      open
      title={message("clash.title", { count: left })}
      about={message("clash.text", { folder: folderName, name })}
      act={message("files.continue")}
      onSubmit={go}
      onClose={skipRest}
    >
      <Choices
        label={name}
        value={choice}
        onChoose={setChoice}
        choices={[
          { value: "keep", label: message("clash.keep"), hint: message("clash.keepHint") },
          { value: "replace", label: message("clash.replace"), hint: message("clash.replaceHint") },
          { value: "skip", label: message("clash.skip"), hint: message("clash.skipHint") },
        ]}
      />
      {left > 1 ? (
        <Checkbox label={message("clash.all", { count: left - 1 })} checked={forAll} onChange={setForAll} />
      ) : null}
    </FormDialog>
  );
}

/** For a rename or move, the new name is the taken one. */
function takenName({ step, name }: Refused): string {
  return "name" in step ? step.name : name;
}
