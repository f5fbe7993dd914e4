import { useEffect, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { UploadsSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads } from "../../upload/uploads.ts";

interface WhyNotProps {
  readonly uploads: Uploads;
  readonly snapshot: UploadsSnapshot;
  readonly bytesLeft: number;
}

export function WhyNot({ uploads, snapshot, bytesLeft }: WhyNotProps) {
  const { message, size, duration } = useMessages();
  const { viewer } = useDrive();
  const { stopped, waiting, jobs } = snapshot;
  const nowMs = useNow(waiting !== undefined);
  if (stopped !== undefined) {
    const acts = <Button onClick={() => uploads.resume()}>{message("tray.goOn")}</Button>;
    return (
      <Notice kind="error" isNews acts={acts}>
        {stopped.code === "quota" &&
          message(viewer.kind === "link" ? "tray.quotaOfLink" : "tray.quota", { size: size(bytesLeft) })}
        {stopped.code === "unauthenticated" && message("tray.signIn")}
        {stopped.code !== "quota" && stopped.code !== "unauthenticated"
          ? message("tray.stopped", { problem: stopped.message })
          : null}
      </Notice>
    );
  }
  if (waiting === undefined || jobs.every((job) => job.isDone)) return null;
  const time = duration(Math.max(1000, waiting.untilMs - nowMs));
  return <Notice kind="warning">{message(waitingKey(waiting.code), { time })}</Notice>;
}

function waitingKey(code: string): "tray.busy" | "tray.full" | "tray.waiting" {
  if (code === "store_full") return "tray.full";
  return code === "rate_limited" || code === "locked" ? "tray.busy" : "tray.waiting";
}

/** Updated each second while `isRunning`. */
function useNow(isRunning: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = isRunning ? setInterval(() => setNowMs(Date.now()), 1000) : undefined;
    return () => clearInterval(timer);
  }, [isRunning]);
  return nowMs;
}
