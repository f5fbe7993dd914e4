import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { ClashQuestion } from "./clash-question.tsx";
import { UploadLine } from "./upload-line.tsx";

interface JobProps {
  readonly uploads: Uploads;
  readonly job: JobSnapshot;
}

export function JobPart({ uploads, job }: JobProps) {
  const { message } = useMessages();
  const more = job.lineCount - job.lines.length;
  return (
    <div className="flex flex-col gap-2">
      <NotSynced job={job} />
      <Held uploads={uploads} job={job} />
      {job.clashCount > 0 && <ClashQuestion uploads={uploads} job={job} />}
      <ul className="flex flex-col">
        {job.lines.map((line) => (
          <UploadLine key={line.name} uploads={uploads} job={job} line={line} />
        ))}
      </ul>
      {more > 0 && <p className="text-sm text-muted">{message("tray.more", { count: more })}</p>}
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
