import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { Badge, Item } from "../../design/card.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { People } from "./audit-filter.ts";
import { actionWords } from "./audit-words.ts";

interface AuditItemProps {
  readonly entry: AuditEntryJson;
  readonly people: People;
}

const objectsMax = 3;

export function AuditItem({ entry, people }: AuditItemProps) {
  const words = useMessages();
  const { message, number, dateTime } = words;
  const { at, action, result, address, count = 1, target, node_ids: nodes = [] } = entry;
  const named = target === undefined ? [] : [people.get(target)?.name ?? target];
  const objects = [...new Set([...named, ...nodes])];
  const others = objects.length - objectsMax;
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          {actionWords(action, words)}
          {count > 1 && <span className="font-normal text-muted">× {number(count)}</span>}
          {result !== "ok" && <Badge kind="bad">{message("audit.failed", { code: result })}</Badge>}
        </span>
      }
      about={
        <>
          <p>
            <bdi>{actorWords(entry, people, words)}</bdi> · {/* Without a time: the stored entry is not readable. */}
            {at === "" ? "?" : <time dateTime={at}>{dateTime(at, "second")}</time>}
            {address !== undefined && (
              <>
                {" "}
                · <bdi>{address}</bdi>
              </>
            )}
          </p>
          {objects.slice(0, objectsMax).map((object) => (
            <p key={object} className="text-sm">
              <bdi>{object}</bdi>
            </p>
          ))}
          {others > 0 && <p className="text-sm">{message("audit.more", { count: others })}</p>}
        </>
      }
    />
  );
}

function actorWords(
  { user_id: user, credential, address, detail }: AuditEntryJson,
  people: People,
  { message }: Pick<Messages, "message">,
): string {
  if (user !== undefined) return people.get(user)?.name ?? user;
  if (credential === "link") return message("audit.byLink");
  const systemUser = detail?.["system_user"];
  const host = message("audit.byHost");
  if (credential === "host") return typeof systemUser === "string" ? `${host} (${systemUser})` : host;
  // The server's own entries come from no address.
  return message(address === undefined ? "audit.byServer" : "audit.nobody");
}
