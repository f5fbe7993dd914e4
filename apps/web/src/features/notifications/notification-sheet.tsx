import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import BellIcon from "lucide-react/icons/bell";
import { useEffect } from "react";
import { notificationsKey, unreadKey } from "../../data/unread.ts";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { buttonLook } from "../../design/button.tsx";
import { Sheet } from "../../design/dialog.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { NotificationItem } from "./notification-item.tsx";

const listKey = [...notificationsKey, "list"] as const;

/** Newest first. Shown notifications count as read but look new until the sheet closes. */
export function NotificationSheet({ onClose }: { readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = usePages(listKey, (cursor, signal) =>
    client.call("listNotifications", { query: { limit: 50, cursor }, signal }),
  );
  useRead(load.data?.[0]);
  return (
    <Sheet
      open
      title={message("shell.notifications")}
      onClose={onClose}
      acts={
        <Link
          to="/settings/{-$section}"
          params={{ section: "notifications" }}
          className={buttonLook("quiet")}
          onClick={onClose}
        >
          {message("notices.choose")}
        </Link>
      }
    >
      <PagedItems
        label={message("shell.notifications")}
        load={load}
        empty={{ Icon: BellIcon, title: message("notices.none"), about: message("notices.noneAbout") }}
      >
        {(notice) => <NotificationItem key={notice.id} notice={notice} onOpen={onClose} />}
      </PagedItems>
    </Sheet>
  );
}

function useRead(newest: NotificationJson | undefined): void {
  const { client } = useDrive();
  const queries = useQueryClient();
  const upTo = newest?.read === false ? newest.id : undefined;
  useEffect(() => {
    if (upTo === undefined) return;
    // Notifications stay new on failure.
    void client
      .call("readNotifications", { body: { up_to: upTo } })
      .then(() => queries.invalidateQueries({ queryKey: unreadKey }))
      .catch(() => {});
  }, [client, queries, upTo]);
  useEffect(() => () => void queries.invalidateQueries({ queryKey: listKey, refetchType: "none" }), [queries]);
}
