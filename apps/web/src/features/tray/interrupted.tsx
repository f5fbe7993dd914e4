import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobRecord } from "../../upload/store/job-store.ts";
import type { Uploads } from "../../upload/uploads.ts";

/** One click resumes the upload if the browser can reopen the files. Otherwise they must be dropped again. */
export function Interrupted({ uploads, job }: { readonly uploads: Uploads; readonly job: JobRecord }) {
  const { message } = useMessages();
  const [mustDrop, setMustDrop] = useState(job.handles.length === 0);
  const { name } = job;
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
      <p>{message("tray.interrupted", { name })}</p>
      {mustDrop && <p className="text-muted">{message("tray.dropAgain", { name })}</p>}
    </Notice>
  );
}
