import { limits } from "@holdfast/core/limits";
import { useQuery } from "@tanstack/react-query";
import { isRewindable, momentBefore } from "../../data/moments.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { findMoments } from "./rewinds.ts";

interface MomentsProps {
  readonly nodeId: string;
  /** Maximum age; undefined until known. */
  readonly reachMs: number | undefined;
  /** @param moment just before an event, RFC 3339 */
  readonly onChoose: (moment: string) => void;
}

/** Recent changes, newest first. Each is a moment to rewind to. */
export function Moments({ nodeId, reachMs = Infinity, onChoose }: MomentsProps) {
  const { client } = useDrive();
  const { message, dateTime, ago } = useMessages();
  const { data } = useQuery({
    queryKey: ["moments", nodeId],
    queryFn: async ({ signal }) => {
      const query = { in: nodeId, limit: limits.activityItemsMax };
      return findMoments((page) => client.call("listActivity", { query: { ...query, ...page }, signal }));
    },
    staleTime: 0,
  });
  const items = (data ?? []).filter((item) => isRewindable(item, reachMs));
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="moments">
      <h2 id="moments" className="mb-2 font-semibold">
        {message("rewind.before")}
      </h2>
      <ol className="flex flex-col border-s border-line ps-2">
        {items.map((item) => (
          <li key={item.id}>
            <button
              type="button"
              onClick={() => onChoose(momentBefore(item))}
              className="flex w-full flex-wrap items-baseline gap-x-3 rounded-md px-3 py-2 text-start hover:bg-hover active:bg-pressed"
            >
              <span className="min-w-0 flex-1 truncate">
                {message(`activity.${item.verb}`, {
                  who: item.actor.name,
                  what:
                    item.count > 1
                      ? message("details.andMore", { name: item.node.name, count: item.count - 1 })
                      : item.node.name,
                })}
              </span>
              <time dateTime={item.at} title={dateTime(item.at)} className="text-sm text-muted">
                {ago(item.at)}
              </time>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
