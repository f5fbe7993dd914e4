import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { InterruptedJob } from "../../upload/interrupted.ts";
import type { Uploads } from "../../upload/uploads.ts";

/** One click resumes the upload if the browser can reopen the files. Otherwise they must be dropped again. */
export function Interrupted({ uploads, interrupted }: InterruptedProps) {
  const { message } = useMessages();
  const { job, missingTops } = interrupted;
  const [mustDrop, setMustDrop] = useState(job.handles.length === 0);
  const goOn = async () => setMustDrop(!(await uploads.goOn(job)));
  return (
    <Notice
      kind="info"
      acts={
        <>
          <Button onClick={() => void uploads.forget(job.id)}>{message("tray.forget")}</Button>
          {!mustDrop && (
            <Button kind="primary" onClick={() => void goOn()}>
              {message("tray.goOn")}
            </Button>
          )}
        </>
      }
    >
      <p>{missingText(interrupted, message)}</p>
      {mustDrop && (
        <p className="text-muted">
          {job.isWalked && missingTops.length > 1
            ? message("tray.dropAllAgain")
            : message("tray.dropAgain", { name: (job.isWalked ? missingTops[0] : undefined) ?? job.name })}
        </p>
      )}
    </Notice>
  );
}

const namesMax = 3;

function missingText({ job, filesTotal, missing }: InterruptedJob, message: Messages["message"]): string {
  const [first] = missing;
  if (first === undefined || filesTotal === 1) return message("tray.interrupted", { name: first ?? job.name });
  const count = missing.length;
  const names = missing.slice(0, namesMax).join(", ");
  const more = count > namesMax ? ` ${message("tray.more", { count: count - namesMax })}` : "";
  const values = { count, names: `${names}${more}` };
  return job.isWalked ? message("tray.missing", { ...values, total: filesTotal }) : message("tray.missingSome", values);
}

interface InterruptedProps {
  readonly uploads: Uploads;
  readonly interrupted: InterruptedJob;
}
