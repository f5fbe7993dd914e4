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
  const { phase, filesTotal, filesDone, needYou } = progress;
  useEffect(() => {
    if (said.current === phase) return;
    const before = said.current;
    said.current = phase;
    if (phase === "begun") announcer.say(message("tray.uploading", { count: filesTotal }), "uploads");
    else if (phase === "half" && before === "begun") announcer.say(message("tray.half"), "uploads");
    else if (phase === "ended") {
      const needs = needYou === 0 ? [] : [message("tray.needYou", { count: needYou })];
      announcer.say([message("tray.uploaded", { count: filesDone }), ...needs].join(", "), "uploads");
    }
  }, [phase, filesTotal, filesDone, needYou, message]);
}
