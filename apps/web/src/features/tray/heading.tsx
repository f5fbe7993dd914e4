import { Progress } from "../../design/progress.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { UploadsSnapshot } from "../../upload/engine/snapshot.ts";
import type { UploadsProgress } from "./progress-of.ts";

interface HeadingProps {
  readonly snapshot: UploadsSnapshot;
  readonly progress: UploadsProgress;
}

/** "Uploading 2 of 3", and below "4.1 MiB/s · 20 s left". */
export function Heading({ snapshot, progress }: HeadingProps) {
  const words = useMessages();
  const { failed, asks, bytesHere, phase } = progress;
  const parts = phase === "idle" ? [] : pace(snapshot, progress, words);
  if (asks > 0) parts.push(words.message("progress.needYou", { count: asks }));
  if (bytesHere > 0) parts.push(words.message("tray.here", { size: words.size(bytesHere) }));
  return (
    <div className="min-w-0 flex-1">
      <h2 className="font-semibold">{title(snapshot, progress, words)}</h2>
      <p className="text-sm text-muted tabular-nums">
        {failed > 0 && <span className="text-danger">{words.message("progress.failed", { count: failed })}</span>}
        {failed > 0 && parts.length > 0 && " · "}
        {parts.join(" · ")}
      </p>
    </div>
  );
}

function title({ jobs }: UploadsSnapshot, progress: UploadsProgress, { message, number }: Messages): string {
  const { phase, filesTotal, filesDone, filesStored, failed, asks, isCounting } = progress;
  if (phase === "idle" || (phase !== "ended" && filesTotal === 0)) return message("tray.uploads");
  const total = number(filesTotal);
  if (phase !== "ended") {
    const current = number(Math.min(filesDone + failed + asks + 1, filesTotal));
    return message(isCounting ? "tray.counting" : "tray.uploadingOf", { number: current, total });
  }
  if (failed + asks > 0) return message("tray.uploadedOf", { done: number(filesStored), total });
  const isCanceled = filesStored === 0 && jobs.some(({ lines }) => lines.some((line) => line.isCancelled));
  return isCanceled ? message("tray.allCanceled") : message("progress.uploaded", { count: filesStored });
}

/** The notice below says why uploads wait. */
function pace(snapshot: UploadsSnapshot, progress: UploadsProgress, words: Messages): string[] {
  const { isPaused, stopped, waiting, bytesPerSecond, secondsLeft } = snapshot;
  if (progress.phase === "ended" || stopped !== undefined) return [];
  if (isPaused) return [words.message("tray.paused")];
  if (bytesPerSecond === undefined) return waiting === undefined ? [words.message("tray.starting")] : [];
  const rate = words.message("tray.rate", { size: words.size(Math.round(bytesPerSecond)) });
  if (secondsLeft === undefined || progress.isCounting) return [rate];
  return [rate, words.message("tray.left", { time: words.duration(secondsLeft * 1000) })];
}

/** Red is only the part that failed. */
export function Bar({ snapshot, progress }: HeadingProps) {
  const { message } = useMessages();
  const { phase, durable, cut, filesTotal, filesDone, failed } = progress;
  if (phase === "ended" && filesDone < filesTotal) {
    const ended = { value: filesDone / filesTotal, failed: (filesDone + failed) / filesTotal };
    return <Progress label={message("tray.uploads")} state="done" {...ended} />;
  }
  return <Progress label={message("tray.uploads")} value={durable} ahead={cut} state={stateOf(snapshot, progress)} />;
}

function stateOf({ isPaused, stopped }: UploadsSnapshot, { phase }: UploadsProgress) {
  if (phase === "ended") return "done";
  return isPaused || stopped !== undefined ? "paused" : "running";
}
