import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronUp from "lucide-react/icons/chevron-up";
import Pause from "lucide-react/icons/pause";
import Play from "lucide-react/icons/play";
import X from "lucide-react/icons/x";
import { useCallback, useRef, useState } from "react";
import { Button } from "../../design/button.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { UploadsSnapshot } from "../../upload/engine/snapshot.ts";
import type { Uploads, UploadsView } from "../../upload/uploads.ts";
import { Interrupted } from "./interrupted.tsx";
import { JobPart } from "./job-part.tsx";
import { LimitButton } from "./limit-button.tsx";
import { Bar, Heading } from "./heading.tsx";
import { progressOf } from "./progress-of.ts";
import { useSelfClose } from "./use-self-close.ts";
import { WhyNot } from "./why-not.tsx";

/** Located in a corner, or on a phone below the page, which shrinks. */
export function Tray({ uploads, view }: { readonly uploads: Uploads; readonly view: UploadsView }) {
  const { message } = useMessages();
  const [isOpen, setOpen] = useState(true);
  const { snapshot, interrupted } = view;
  const progress = progressOf(snapshot);
  const isRunning = progress.phase === "begun" || progress.phase === "half";
  const panel = useRef<HTMLElement | null>(null);
  const measure = useCallback((section: HTMLElement) => {
    panel.current = section;
    return leaveRoom(section);
  }, []);
  const isDue = progress.mayClose === "by_itself" && interrupted.length === 0;
  useSelfClose(panel, isDue ? progress.filesDone : undefined, uploads.dismiss);
  const close = () => {
    uploads.dismiss();
    // The button is removed.
    document.getElementById("place")?.focus();
  };
  return (
    <section
      ref={measure}
      aria-label={message("tray.uploads")}
      className="fixed inset-x-0 bottom-0 z-30 flex max-h-[40dvh] flex-col gap-3 border-t border-line bg-raised p-4 pb-[max(1rem,env(safe-area-inset-bottom))] shadow-over sm:start-auto sm:end-4 sm:bottom-4 sm:max-h-[60vh] sm:w-96 sm:rounded-lg sm:border sm:pb-4"
    >
      <div className="flex items-center gap-2">
        <Heading snapshot={snapshot} progress={progress} />
        {isRunning && <LimitButton />}
        {isRunning && (
          <IconButton
            small
            label={message(snapshot.isPaused ? "tray.goOn" : "tray.pause")}
            Icon={snapshot.isPaused ? Play : Pause}
            onClick={() => (snapshot.isPaused ? uploads.resume() : uploads.pause())}
          />
        )}
        <IconButton
          small
          label={message(isOpen ? "tray.hide" : "tray.show")}
          Icon={isOpen ? ChevronDown : ChevronUp}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        {progress.mayClose !== undefined && (
          <IconButton small label={message("design.close")} Icon={X} onClick={close} />
        )}
      </div>
      {snapshot.jobs.length > 0 && <Bar snapshot={snapshot} progress={progress} />}
      {progress.failed > 1 && (
        <div>
          <Button onClick={() => retryAll(uploads, snapshot)}>{message("tray.tryAllAgain")}</Button>
        </div>
      )}
      {isOpen && (
        // The keyboard scrolls it, also without a button in it.
        <div
          role="group"
          tabIndex={0}
          aria-label={message("tray.uploads")}
          className="flex min-h-0 flex-col gap-3 overflow-y-auto -outline-offset-2"
        >
          <WhyNot uploads={uploads} snapshot={snapshot} bytesLeft={progress.bytesLeft} />
          {snapshot.jobs.toReversed().map((job) => (
            <JobPart key={job.id} uploads={uploads} job={job} />
          ))}
          {interrupted.map((each) => (
            <Interrupted key={each.job.id} uploads={uploads} interrupted={each} />
          ))}
        </div>
      )}
    </section>
  );
}

/** On a phone, full-height elements subtract the tray's height. On wider screens, lists end with as much space. */
function leaveRoom(section: HTMLElement): () => void {
  const { style } = document.documentElement;
  const observer = new ResizeObserver(() => style.setProperty("--tray-height", `${section.offsetHeight}px`));
  observer.observe(section);
  return () => {
    observer.disconnect();
    style.removeProperty("--tray-height");
  };
}

function retryAll(uploads: Uploads, { jobs }: UploadsSnapshot): void {
  for (const { id, problemCount } of jobs) if (problemCount > 0) uploads.retry(id);
}
