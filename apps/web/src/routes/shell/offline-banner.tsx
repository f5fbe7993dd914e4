import { Link } from "@tanstack/react-router";
import CloudOff from "lucide-react/icons/cloud-off";
import { Suspense, useEffect, useId, useState, useSyncExternalStore } from "react";
import { useAway } from "../../data/use-away.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { WaitingActs } from "./waiting-acts.tsx";

/** Loaded right after the first list. */
export function OfflineBanner() {
  return (
    <>
      <Away />
      <Suspense fallback={null}>
        <WaitingActs />
      </Suspense>
    </>
  );
}

/** Ignores a short restart of the server. */
function Away() {
  const { message } = useMessages();
  const { live, reach, viewer } = useDrive();
  const id = useId();
  const { nextTryMs } = useSyncExternalStore(live.subscribe, live.getSnapshot);
  if (!useAway()) return null;
  const isOnline = navigator.onLine;
  return (
    <section
      aria-labelledby={id}
      className="flex flex-wrap items-center gap-x-2 border-y border-line bg-surface px-4 py-2 lg:px-6"
    >
      <CloudOff aria-hidden size={16} className="shrink-0 text-warning" />
      <p id={id} role="status" className="min-w-0">
        {message(isOnline ? "shell.away" : "shell.offline")}
      </p>
      {isOnline && nextTryMs !== undefined && <NextTry atMs={nextTryMs} />}
      {isOnline && (
        <button type="button" className="shrink-0 text-accent underline" onClick={() => reach.tryNow()}>
          {message("shell.tryNow")}
        </button>
      )}
      {viewer.kind === "account" && (
        <Link to="/settings/{-$section}" params={{ section: "offline" }} className="shrink-0 text-accent underline">
          {message("shell.showKept")}
        </Link>
      )}
    </section>
  );
}

/** Changes each second, so it is not announced. */
function NextTry({ atMs }: { readonly atMs: number }) {
  const { message, duration } = useMessages();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span aria-hidden className="shrink-0 text-muted">
      {message("shell.nextTry", { time: duration(Math.max(1000, atMs - nowMs)) })}
    </span>
  );
}
