import { Button } from "../../design/button.tsx";
import { ProblemText } from "../../design/problem-text.tsx";
import { Progress } from "../../design/progress.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads } from "../../upload/uploads.ts";
import { CutName } from "../files/naming/cut-name.tsx";
import { fileProblemKey } from "./file-problem.ts";

interface FilesWithinProps {
  readonly uploads: Uploads;
  readonly job: JobSnapshot;
  readonly folder: string;
}

/** Running and failed files of a folder. Stored and waiting files are only counted. */
export function FilesWithin({ uploads, job, folder }: FilesWithinProps) {
  const { message } = useMessages();
  const isIn = ({ path }: { readonly path: string }) => path.startsWith(`${folder}/`);
  const within = (path: string) => path.slice(folder.length + 1);
  const [problems, clashes] = [job.problems.filter(isIn), job.clashes.filter(isIn)];
  return (
    <ul className="flex flex-col gap-2 border-s-2 border-line ps-3 text-sm">
      {problems.map(({ path, code }) => (
        <li key={path}>
          <CutName name={within(path)} />
          <Failed uploads={uploads} jobId={job.id} path={path} text={message(fileProblemKey(code))} />
        </li>
      ))}
      {clashes.map(({ path }) => (
        <li key={path} className="flex justify-between gap-2">
          <CutName name={within(path)} />
          <span className="shrink-0 text-muted">{message("tray.exists")}</span>
        </li>
      ))}
      {job.active.filter(isIn).map(({ path, sizeBytes, progress }) => (
        <li key={path} className="flex flex-col gap-1 text-muted">
          <CutName name={within(path)} />
          {sizeBytes > 1e6 && (
            <Progress label={within(path)} value={progress.durable / sizeBytes} ahead={progress.cut / sizeBytes} />
          )}
        </li>
      ))}
    </ul>
  );
}

interface FailedProps {
  readonly uploads: Uploads;
  readonly jobId: string;
  /** Path of a file, or of a folder with all failed files in it. */
  readonly path: string;
  readonly text: string;
}

export function Failed({ uploads, jobId, path, text }: FailedProps) {
  const { message } = useMessages();
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="min-w-0 flex-1 basis-48">
        <ProblemText>{text}</ProblemText>
      </div>
      <Button onClick={() => uploads.retry(jobId, path)} aria-label={message("tray.tryOneAgain", { name: path })}>
        {message("tray.tryAgain")}
      </Button>
    </div>
  );
}
