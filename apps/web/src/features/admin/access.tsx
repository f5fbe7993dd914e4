import type { AccessRuleJson } from "@holdfast/protocol/access-rule-routes";
import Plus from "lucide-react/icons/plus";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { AccessDialog } from "./access-dialog.tsx";
import { accessKey } from "./access-key.ts";
import { NewAccessRule } from "./new-access-rule.tsx";

/** Shown if there is no rule for the whole server. */
const nothingAsked: AccessRuleJson = {
  of: "server",
  id: null,
  name: null,
  second_factor_due_at: null,
  addresses: [],
  own_addresses: [],
};

export function Access() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<AccessRuleJson | "new">();
  const load = usePages(accessKey, (cursor, signal) =>
    client.call("adminListAccessRules", { query: { limit: 50, cursor }, signal }),
  );
  const close = () => setAsked(undefined);
  return (
    <Card
      title={message("admin.access")}
      isTitleHidden
      about={message("access.about")}
      acts={
        <Button Icon={Plus} onClick={() => setAsked("new")}>
          {message("access.new")}
        </Button>
      }
    >
      <Loaded load={load}>
        {(rules) => (
          <Items label={message("admin.access")}>
            <RuleItem rule={rules.find((rule) => rule.of === "server") ?? nothingAsked} onChange={setAsked} />
            {rules
              .filter((rule) => rule.of !== "server")
              .map((rule) => (
                <RuleItem key={rule.id} rule={rule} onChange={setAsked} />
              ))}
          </Items>
        )}
      </Loaded>
      {load.hasNextPage && (
        <Button busy={load.isFetchingNextPage} onClick={() => void load.fetchNextPage()}>
          {message("design.loadMore")}
        </Button>
      )}
      {asked === "new" && <NewAccessRule onClose={close} />}
      {asked !== undefined && asked !== "new" && <AccessDialog rule={asked} onClose={close} />}
    </Card>
  );
}

interface RuleItemProps {
  readonly rule: AccessRuleJson;
  readonly onChange: (rule: AccessRuleJson) => void;
}

function RuleItem({ rule, onChange }: RuleItemProps) {
  const { message, list, dateTime } = useMessages();
  const { of, second_factor_due_at: due, addresses, own_addresses: own } = rule;
  const name = rule.name ?? message("access.server");
  const asks = [
    ...(due === null ? [] : [message("access.factorSince", { when: dateTime(due) })]),
    ...(addresses.length === 0 ? [] : [message("access.onlyFrom", { networks: list(addresses) })]),
    ...(own.length === 0 ? [] : [message("access.ownOnlyFrom", { networks: list(own) })]),
  ];
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{name}</bdi>
          {of !== "server" && <Badge>{message(of === "group" ? "access.group" : "access.account")}</Badge>}
        </span>
      }
      about={asks.length === 0 ? message("access.nothing") : asks.map((text) => <p key={text}>{text}</p>)}
      acts={
        <Button aria-label={message("access.changeFor", { name })} onClick={() => onChange(rule)}>
          {message("access.change")}
        </Button>
      }
    />
  );
}
