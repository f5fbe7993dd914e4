import Check from "lucide-react/icons/check";
import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronUp from "lucide-react/icons/chevron-up";
import X from "lucide-react/icons/x";
import { useState } from "react";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { Progress } from "../../design/progress.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { CutName } from "../files/naming/cut-name.tsx";
import { fileProblemKey } from "./file-problem.ts";
import { Failed, FilesWithin } from "./files-within.tsx";
import { type LineState, lineState } from "./line-state.ts";

interface UploadLineProps {
  readonly uploads: Uploads;
  readonly job: JobSnapshot;
  readonly line: JobSnapshot["lines"][number];
}

/** A file, or a folder that unfolds. */
export function UploadLine({ uploads, job, line }: UploadLineProps) {
  const words = useMessages();
  const [isOpen, setOpen] = useState(false);
  const { name, kind, counts } = line;
  const state = lineState(line, job);
  const isRunning = state === "uploading" && counts.bytesTotal > 1e6;
  const part = (bytes: number) => bytes / counts.bytesTotal;
  const canUnfold = kind === "folder" && state !== "stored" && state !== "cancelled";
  return (
    <li className="flex flex-col gap-1">
      <div className="flex items-center gap-2">
        <div className="flex min-w-0 flex-1 items-center gap-1">
          <CutName name={name} />
          {canUnfold && (
            <IconButton
              small
              label={words.message("files.list", { name })}
              Icon={isOpen ? ChevronUp : ChevronDown}
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            />
          )}
        </div>
        {state !== "cancelled" && <span className="shrink-0 text-sm text-muted">{words.size(counts.bytesTotal)}</span>}
        <span className={`shrink-0 text-sm ${state === "failed" ? "text-danger" : "text-muted"}`}>
          {stateText(line, state, words)}
        </span>
        <LineEnd uploads={uploads} job={job} line={line} state={state} />
      </div>
      {isRunning && <Progress label={name} value={part(counts.bytesDurable)} ahead={part(counts.bytesCut)} />}
      {line.problemCount > 0 && (line.problem !== undefined || !isOpen) && (
        <Failed uploads={uploads} jobId={job.id} path={name} text={failure(line, words)} />
      )}
      {canUnfold && isOpen && <FilesWithin uploads={uploads} job={job} folder={name} />}
    </li>
  );
}

function stateText({ kind, counts }: UploadLineProps["line"], state: LineState, words: Messages): string {
  const { message, number, percent } = words;
  if (state !== "uploading" && state !== "failed") return message(stateKeys[state]);
  if (kind === "folder") {
    return message("tray.doneOf", { done: number(counts.filesDone), total: number(counts.filesTotal) });
  }
  return state === "failed" ? message("tray.isFailed") : percent(partOf(counts));
}

function failure({ problem, problemCount }: UploadLineProps["line"], { message }: Messages): string {
  if (problem === undefined) return message("progress.failed", { count: problemCount });
  return message(fileProblemKey(problem.code));
}

const stateKeys = {
  waiting: "tray.isWaiting",
  stored: "tray.isStored",
  skipped: "tray.isSkipped",
  asks: "tray.exists",
  cancelled: "tray.isCanceled",
} as const;

/** 100 % only when it is committed. */
function partOf({ bytesDurable, bytesTotal }: { readonly bytesDurable: number; readonly bytesTotal: number }): number {
  return bytesTotal === 0 ? 0 : Math.min(Math.floor((bytesDurable / bytesTotal) * 100), 99) / 100;
}

/** A file is cancelled at once, as sending it again is cheap: the server still has what arrived. */
function LineEnd({ uploads, job, line, state }: UploadLineProps & { readonly state: LineState }) {
  const { message } = useMessages();
  const [isAsking, setAsking] = useState(false);
  const { name, kind } = line;
  if (state === "stored" || state === "skipped" || state === "cancelled") {
    return (
      <span className="flex size-8 shrink-0 items-center justify-center text-success pointer-coarse:size-11">
        {state === "stored" && <Check aria-hidden size={18} />}
      </span>
    );
  }
  const cancel = () => {
    setAsking(false);
    uploads.cancelTop(job.id, name);
  };
  return (
    <>
      <IconButton
        small
        label={message("tray.cancel", { name })}
        Icon={X}
        onClick={() => (kind === "file" ? cancel() : setAsking(true))}
      />
      {kind === "folder" && (
        <FormDialog
          open={isAsking}
          size="small"
          title={message("tray.cancelAsk", { name })}
          about={message("tray.cancelText")}
          act={message("tray.cancelNow")}
          cancel={message("tray.keepOn")}
          isDanger
          onSubmit={cancel}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
