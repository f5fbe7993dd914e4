import { useEffect, useRef } from "react";
import { announcer } from "../../design/live-regions.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { UploadsSnapshot } from "../../upload/engine/snapshot.ts";
import { progressOf, type UploadsProgress } from "./progress-of.ts";

/** Announces only start, half and result. */
export function useProgressSaid(snapshot: UploadsSnapshot): void {
  const { message } = useMessages();
  const said = useRef<UploadsProgress["phase"]>("idle");
  const progress = progressOf(snapshot);
  const { phase, filesTotal, filesStored, failed, asks } = progress;
  useEffect(() => {
    if (said.current === phase || (phase === "begun" && filesTotal === 0)) return;
    const before = said.current;
    said.current = phase;
    if (phase === "begun") announcer.say(message("progress.uploading", { count: filesTotal }), "uploads");
    else if (phase === "half" && before === "begun") announcer.say(message("progress.half"), "uploads");
    else if (phase === "ended") {
      const parts = [message("progress.uploaded", { count: filesStored })];
      if (failed > 0) parts.push(message("progress.failed", { count: failed }));
      if (asks > 0) parts.push(message("progress.needYou", { count: asks }));
      announcer.say(parts.join(", "), "uploads");
    }
  }, [phase, filesTotal, filesStored, failed, asks, message]);
}
