import X from "lucide-react/icons/x";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { Notice } from "../../design/notice.tsx";
import { ProblemText } from "../../design/problem-text.tsx";
import { Progress } from "../../design/progress.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { ClashQuestion } from "./clash-question.tsx";
import { fileProblemKey } from "./file-problem.ts";

interface JobProps {
  readonly uploads: Uploads;
  readonly job: JobSnapshot;
}

export function JobPart({ uploads, job }: JobProps) {
  const { message } = useMessages();
  const [isAsking, setAsking] = useState(false);
  const { name, active, isDone } = job;
  if (isDone) return <NotSynced job={job} />;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
        <IconButton small label={message("tray.cancel", { name })} Icon={X} onClick={() => setAsking(true)} />
      </div>
      <ul className="flex flex-col gap-2">
        {active.map(({ path, sizeBytes, progress }) => (
          <li key={path} className="flex flex-col gap-1 text-sm text-muted">
            <bdi className="truncate">{path}</bdi>
            {sizeBytes > 1e6 && (
              <Progress label={path} value={progress.durable / sizeBytes} ahead={progress.cut / sizeBytes} />
            )}
          </li>
        ))}
      </ul>
      <Held uploads={uploads} job={job} />
      {job.clashCount > 0 && <ClashQuestion uploads={uploads} job={job} />}
      <Problems uploads={uploads} job={job} />
      <FormDialog
        open={isAsking}
        size="small"
        title={message("tray.cancelAsk", { name })}
        about={message("tray.cancelText")}
        act={message("tray.cancelNow")}
        cancel={message("tray.keepOn")}
        isDanger
        onSubmit={() => uploads.cancel(job.id)}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}

/** Visitors of a link have no sync devices. */
function NotSynced({ job: { notSynced } }: Pick<JobProps, "job">) {
  const { message } = useMessages();
  const { viewer } = useDrive();
  if (notSynced === undefined || viewer.kind === "link") return null;
  const { count, names } = notSynced;
  const more = count - names.length;
  const shown = `${names.join(", ")}${more === 0 ? "" : ` ${message("tray.more", { count: more })}`}`;
  return <Notice kind="warning">{message("tray.notSynced", { count, names: shown })}</Notice>;
}

function Held({ uploads, job: { id, name, held } }: JobProps) {
  const { message } = useMessages();
  if (held === undefined) return null;
  const openFolder = /^\/files\/([^/?]+)/.exec(location.pathname)?.[1];
  return (
    <Notice
      kind="error"
      isNews
      acts={
        <>
          {openFolder !== undefined && (
            <Button onClick={() => uploads.retarget(id, openFolder)}>{message("tray.putHere")}</Button>
          )}
          <Button onClick={() => uploads.retry(id)}>{message("tray.tryAgain")}</Button>
        </>
      }
    >
      {message("tray.held", { name })}
    </Notice>
  );
}

function Problems({ uploads, job: { id, problems, problemCount } }: JobProps) {
  const { message } = useMessages();
  if (problemCount === 0) return null;
  const more = problemCount - problems.length;
  return (
    <>
      <ul className="flex flex-col gap-2">
        {problems.map(({ path, code }) => (
          <li key={path}>
            <bdi className="block truncate text-sm">{path}</bdi>
            <ProblemText>{message(fileProblemKey(code))}</ProblemText>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="text-sm text-muted">{message("tray.more", { count: more })}</p>}
      <div>
        <Button onClick={() => uploads.retry(id)}>{message("tray.tryAgain")}</Button>
      </div>
    </>
  );
}
