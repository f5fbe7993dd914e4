import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Checkbox, Choices } from "../../design/choice.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Notice } from "../../design/notice.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import type { ClashChoice } from "../../upload/store/job-store.ts";
import type { Uploads } from "../../upload/uploads.ts";

interface ClashProps {
  readonly uploads: Uploads;
  readonly job: JobSnapshot;
}

/** Resolved one by one or together. Other uploads continue. */
export function ClashQuestion({ uploads, job }: ClashProps) {
  const { message } = useMessages();
  const [isOpen, setOpen] = useState(false);
  const acts = <Button onClick={() => setOpen(true)}>{message("tray.choose")}</Button>;
  return (
    <>
      <Notice kind="warning" isNews acts={acts}>
        {message("tray.clashNames", { count: job.clashCount, names: namesOf(job, message) })}
      </Notice>
      <ClashDialog uploads={uploads} job={job} isOpen={isOpen} onClose={() => setOpen(false)} />
    </>
  );
}

const namesMax = 3;

function namesOf({ clashes, clashCount }: JobSnapshot, message: Messages["message"]): string {
  const names = clashes.slice(0, namesMax).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const more = clashCount - names.length;
  return `${names.join(", ")}${more > 0 ? ` ${message("tray.more", { count: more })}` : ""}`;
}

function ClashDialog({ uploads, job, isOpen, onClose }: ClashProps & { isOpen: boolean; onClose: () => void }) {
  const { message } = useMessages();
  const [choice, setChoice] = useState<ClashChoice>("keep");
  const [forAll, setForAll] = useState(true);
  const [clash] = job.clashes;
  const others = job.clashCount - 1;
  const canReplace = clash?.canReplace === true || (forAll && others > 0);
  const go = () => {
    const isAll = forAll && others > 0;
    uploads.answerClash(job.id, isAll ? undefined : clash?.path, choice);
    if (isAll || others === 0) onClose();
  };
  const replace = { value: "replace", label: message("tray.replace"), hint: message("tray.replaceHint") } as const;
  return (
    <Dialog
      open={isOpen && clash !== undefined}
      title={message("tray.clashes", { count: job.clashCount })}
      about={message("tray.clashText")}
      onClose={onClose}
      acts={
        <Button kind="primary" onClick={go}>
          {message("tray.goOn")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <Choices
          label={clash?.path ?? ""}
          value={canReplace || choice !== "replace" ? choice : "keep"}
          onChoose={setChoice}
          choices={[
            { value: "keep", label: message("tray.keep"), hint: message("tray.keepHint") },
            ...(canReplace ? [replace] : []),
            { value: "skip", label: message("tray.skip"), hint: message("tray.skipHint") },
          ]}
        />
        {others > 0 && (
          <Checkbox label={message("tray.forAll", { count: others })} checked={forAll} onChange={setForAll} />
        )}
      </div>
    </Dialog>
  );
}
