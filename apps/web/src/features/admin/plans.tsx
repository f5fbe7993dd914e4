import type { ApiClient } from "@holdfast/api-client/api-client";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";

export function plansQuery(client: ApiClient) {
  return queryOptions({
    queryKey: ["admin-plans"],
    queryFn: ({ signal }) => client.call("adminListPlans", { signal }),
  });
}

interface Plan {
  readonly name: string;
  readonly quota_bytes: number | null;
}

/** "family · 200 GB" */
export function planWords({ name, quota_bytes: quota }: Plan, { message, size }: Messages): string {
  return `${name} · ${quota === null ? message("admin.unlimited") : size(quota)}`;
}

/** Defined in the server's configuration. */
export function Plans() {
  const { message, size } = useMessages();
  const { client } = useDrive();
  const load = useQuery(plansQuery(client));
  return (
    <Card title={message("admin.plans")} isTitleHidden about={message("admin.plansAbout")}>
      <Loaded load={load}>
        {({ items }) => (
          <Items label={message("admin.plans")}>
            {items.map((plan) => (
              <Item
                key={plan.name}
                title={
                  <span className="flex flex-wrap items-center gap-2">
                    {plan.name}
                    {plan.default && <Badge>{message("admin.planDefault")}</Badge>}
                    {!plan.offered && <Badge>{message("admin.planOld")}</Badge>}
                  </span>
                }
                about={plan.quota_bytes === null ? message("admin.unlimited") : size(plan.quota_bytes)}
              />
            ))}
          </Items>
        )}
      </Loaded>
    </Card>
  );
}
