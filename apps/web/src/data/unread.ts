import { useQuery } from "@tanstack/react-query";
import { useDrive } from "./use-drive.ts";
import { useFresh } from "./use-fresh.ts";

export const notificationsKey = ["notifications"] as const;
export const unreadKey = [...notificationsKey, "unread"] as const;
/** Above this, the badge shows no exact number. */
export const unreadMax = 99;

const fresh = { queryKey: notificationsKey, kinds: ["notified", "reread"], gatherMs: 200 } as const;

/** Counts at most `unreadMax` + 1. */
export function useUnread(): number {
  const { client } = useDrive();
  useFresh(fresh);
  const { data } = useQuery({
    queryKey: unreadKey,
    queryFn: ({ signal }) =>
      client.call("listNotifications", { query: { unread: "true", limit: unreadMax + 1 }, signal }),
    select: ({ items }) => items.length,
  });
  return data ?? 0;
}
