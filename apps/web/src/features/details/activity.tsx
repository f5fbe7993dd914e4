import type { ActivityJson, ActivityVerb } from "@holdfast/protocol/activity-routes";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import type { MessageKey } from "../../messages/en.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { byCursor, Pages } from "./pages.tsx";

/** Activity of a node, including everything below a folder. */
export function Activity({ nodeId }: { readonly nodeId: string }) {
  const { client } = useDrive();
  const { message } = useMessages();
  const query = useInfiniteQuery({
    queryKey: ["activity", nodeId],
    queryFn: ({ pageParam, signal }) =>
      client.call("listActivity", { query: { in: nodeId, limit: 50, cursor: pageParam }, signal }),
    staleTime: 0,
    ...byCursor,
  });
  return (
    <Pages query={query} empty={message("details.noActivity")}>
      {(items) => (
        <ul className="flex flex-col gap-3">
          {items.map((item) => (
            <Happening key={item.id} item={item} />
          ))}
        </ul>
      )}
    </Pages>
  );
}

function Happening({ item }: { readonly item: ActivityJson }) {
  const { message, ago, dateTime } = useMessages();
  const what =
    item.count > 1 ? message("details.andMore", { name: item.node.name, count: item.count - 1 }) : item.node.name;
  return (
    <li className="flex gap-3">
      <Avatar name={item.actor.name} />
      <div className="min-w-0">
        <p className="wrap-anywhere">{message(verbWords[item.verb], { who: item.actor.name, what })}</p>
        <time dateTime={item.at} title={dateTime(item.at)} className="text-sm text-muted">
          {ago(item.at)}
        </time>
      </div>
    </li>
  );
}

const verbWords = {
  created: "activity.created",
  edited: "activity.edited",
  renamed: "activity.renamed",
  moved: "activity.moved",
  trashed: "activity.trashed",
  restored: "activity.restored",
  purged: "activity.purged",
  shared: "activity.shared",
  unshared: "activity.unshared",
  linked: "activity.linked",
  commented: "activity.commented",
  rewound: "activity.rewound",
} as const satisfies Record<ActivityVerb, MessageKey>;
