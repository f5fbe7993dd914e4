import BellIcon from "lucide-react/icons/bell";
import { Suspense, useEffect, useRef, useState } from "react";
import { unreadMax, useUnread } from "../../data/unread.ts";
import { IconButton } from "../../design/icon-button.tsx";
import { announcer } from "../../design/live-regions.tsx";
import { lazyPart } from "../../design/lazy-part.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";

const NotificationSheet = lazyPart(
  async () => (await withWords(import("../../features/notifications/notification-sheet.tsx"))).NotificationSheet,
  ({ onClose }) => onClose(),
);

export function Bell() {
  const { message, number } = useMessages();
  const count = useUnread();
  const [isOpen, setOpen] = useState(false);
  const said = message("shell.unread", { count });
  useSaid(count, said);
  const label = count === 0 ? message("shell.notifications") : `${message("shell.notifications")}: ${said}`;
  return (
    <div className="relative shrink-0">
      <IconButton label={label} Icon={BellIcon} aria-haspopup="dialog" onClick={() => setOpen(true)} />
      {count > 0 && (
        <span
          aria-hidden
          className="pointer-events-none absolute -end-1 -top-1 min-w-5 rounded-full bg-accent px-1.5 text-center text-sm leading-5 font-semibold text-on-accent forced-colors:border"
        >
          {count > unreadMax ? `${number(unreadMax)}+` : number(count)}
        </span>
      )}
      {isOpen && (
        <Suspense fallback={null}>
          <NotificationSheet onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** Announces increases, but not the number at page load. */
function useSaid(count: number, said: string): void {
  const before = useRef<number>(undefined);
  useEffect(() => {
    if (before.current !== undefined && count > before.current) announcer.say(said, "notifications");
    before.current = count;
  }, [count, said]);
}
