import { type Column, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import type { Context } from "../output/context.ts";

const columns: readonly Column[] = [{ title: "PLAN" }, { title: "GIVES", right: true }, { title: "STATE" }];

export function plansCommand(context: Context) {
  const command = newAdminCommand("plans", "List the plans and their quotas (set by HOLDFAST_PLANS)", ["admin plans"]);
  return runs<[]>(context, command, async (run, { data }) => {
    const plans = await adminCall(run, data, "adminListPlans", {});
    const listing = new Listing(run.output, columns, "There are no plans.");
    await run.output.result(plans, () =>
      listing.lines(
        plans.items.map(({ name, quota_bytes, offered, default: isDefault }) => [
          name,
          quota_bytes === null ? "no limit" : listing.size(quota_bytes),
          [isDefault ? "of new accounts" : "", offered ? "" : "no longer offered"].filter(Boolean).join(", "),
        ]),
      ),
    );
  });
}
