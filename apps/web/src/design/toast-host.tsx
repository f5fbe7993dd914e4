import CircleAlert from "lucide-react/icons/circle-alert";
import X from "lucide-react/icons/x";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { IconButton } from "./icon-button.tsx";
import { announcer } from "./live-regions.tsx";
import { currentToasts, hideToast, type Toast, watchToasts } from "./toasts.ts";

const shownMs = 10_000;

/** Shows toasts at the lower edge; on a phone above the bottom bar and the tray. */
export function ToastHost() {
  const { message } = useMessages();
  const toasts = useSyncExternalStore(watchToasts, currentToasts);
  const [isHeld, setHeld] = useState(false);
  if (toasts.length === 0) return null;
  return (
    <section
      aria-label={message("design.toasts")}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-none fixed inset-x-4 bottom-[calc(5rem+var(--tray-height,0px))] z-50 flex flex-col items-center gap-2 px-safe pb-safe sm:bottom-6"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} isHeld={isHeld} />
      ))}
    </section>
  );
}

function ToastCard({ toast, isHeld }: { readonly toast: Toast; readonly isHeld: boolean }) {
  const { message } = useMessages();
  const { id, text, kind, act } = toast;
  useEffect(() => {
    if (kind === "error") announcer.sayNow(text);
    else announcer.say(text);
  }, [kind, text]);
  useEffect(() => {
    // Stays while hovered or focused, so that the button can be reached.
    const timer = isHeld ? undefined : setTimeout(() => hideToast(id), shownMs);
    return () => clearTimeout(timer);
  }, [id, isHeld]);
  return (
    <div
      data-toast
      className="pointer-events-auto flex min-h-12 w-full max-w-140 animate-appear items-center gap-3 rounded-lg bg-raised py-1.5 ps-4 pe-2 shadow-over sm:w-auto sm:min-w-80 forced-colors:border"
    >
      {kind === "error" && <CircleAlert aria-hidden size={18} className="shrink-0 text-danger" />}
      <p className="line-clamp-2 min-w-0 flex-1 wrap-anywhere">{text}</p>
      {act !== undefined && (
        <button
          type="button"
          className="h-9 shrink-0 rounded-md px-3 font-semibold text-accent hover:bg-hover active:bg-pressed pointer-coarse:h-11"
          onClick={() => {
            hideToast(id);
            act.run();
          }}
        >
          {act.label}
        </button>
      )}
      <IconButton small label={message("design.close")} Icon={X} onClick={() => hideToast(id)} />
    </div>
  );
}
