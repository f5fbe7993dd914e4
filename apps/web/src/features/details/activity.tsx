import type { ActivityJson, ActivityVerb } from "@holdfast/protocol/activity-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import History from "lucide-react/icons/history";
import { useLimit } from "../../data/account.ts";
import { isRewindable, momentBefore } from "../../data/moments.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import type { MessageKey } from "../../messages/en.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { byCursor, Pages } from "./pages.tsx";

/** Activity of a node, including everything below a folder. */
export function Activity({ node }: { readonly node: Pick<NodeJson, "id" | "role"> }) {
  const { client } = useDrive();
  const { message } = useMessages();
  const navigate = useNavigate();
  const { id, role } = node;
  const reachMs = useLimit("rewind_reach_ms") ?? 0;
  const rewindTo = (to: string) => void navigate({ to: "/rewind/$id", params: { id }, search: { to } });
  const query = useInfiniteQuery({
    queryKey: ["activity", id],
    queryFn: ({ pageParam, signal }) =>
      client.call("listActivity", { query: { in: id, limit: 50, cursor: pageParam }, signal }),
    staleTime: 0,
    ...byCursor,
  });
  return (
    <Pages query={query} empty={message("details.noActivity")}>
      {(items) => (
        <ul className="flex flex-col gap-3">
          {items.map((item) => (
            <Happening
              key={item.id}
              item={item}
              onRewind={
                role === "owner" && isRewindable(item, reachMs) ? () => rewindTo(momentBefore(item)) : undefined
              }
            />
          ))}
        </ul>
      )}
    </Pages>
  );
}

interface HappeningProps {
  readonly item: ActivityJson;
  readonly onRewind: (() => void) | undefined;
}

function Happening({ item, onRewind }: HappeningProps) {
  const { message, ago, dateTime } = useMessages();
  const what =
    item.count > 1 ? message("details.andMore", { name: item.node.name, count: item.count - 1 }) : item.node.name;
  return (
    <li className="flex gap-3">
      <Avatar name={item.actor.name} />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">{message(verbWords[item.verb], { who: item.actor.name, what })}</p>
        <time dateTime={item.at} title={dateTime(item.at)} className="text-sm text-muted">
          {ago(item.at)}
        </time>
      </div>
      {onRewind !== undefined && (
        <IconButton small label={message("details.rewindBefore")} Icon={History} onClick={onRewind} />
      )}
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
