import { type ReportJson, reportActions } from "@holdfast/protocol/report-routes";
import { printable } from "@holdfast/core/printable";
import { type Column, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Context } from "../output/context.ts";

export function reportsCommand(context: Context) {
  return newGroup(
    "reports",
    "Links that people reported, and the decisions on them",
    ["admin reports ls --open", "admin reports resolve 0198… --action disable_link"],
    [list(context), resolve(context)],
    list(context),
  );
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "WHEN" },
  { title: "REASON" },
  { title: "STATE" },
  { title: "OWNER", shortens: true },
  { title: "WHAT", shortens: true },
  { title: "WHAT WAS SAID" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List reports, newest first", [
    "admin reports ls",
    "admin reports ls --open",
  ]).option("--open", "only unresolved reports");
  return runs<[]>(context, command, async (run, { data, open }) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const only = open === true ? { open: "true" as const } : {};
    const pages = allPages((cursor) =>
      adminCall(run, data, "adminListReports", {
        query: { ...only, limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) },
      }),
    );
    const listing = new Listing(run.output, columns, "There are no reports.");
    await run.output.listing(pages, (reports) => listing.lines(reports.map((report) => cellsOf(report, listing))));
  });
}

function cellsOf({ id, at, reason, text, node, owner, action }: ReportJson, listing: Listing): string[] {
  const what = node === null ? "(gone)" : printable(node.name === "" ? "/" : node.name);
  const said = text === null ? "" : printable(text.replaceAll("\n", " "));
  return [id, listing.time(at), reason, action ?? "open", printable(owner?.email ?? "(gone)"), what, said];
}

function resolve(context: Context) {
  const command = newAdminCommand("resolve", "Decide on a report; the decision takes effect immediately", [
    "admin reports resolve 0198… --action disable_link",
    "admin reports resolve 0198… --action none",
  ])
    .argument("<id>", "ID from 'holdfast admin reports ls'")
    .requiredOption(
      "--action <action>",
      "none; disable_link: the link stops working; suspend_account: the owner is suspended, and all of the owner's shares stop working",
    );
  return runs<[string]>(context, command, async (run, id, options) => {
    const action = reportActions.find((each) => each === options["action"]);
    if (action === undefined) throw usage(`--action is one of ${reportActions.join(", ")}.`);
    const report = await adminCall(run, options["data"], "adminResolveReport", { params: { id }, body: { action } });
    await run.output.done(report, () => [`${report.id} is resolved: ${sayings[action]}`]);
  });
}

const sayings = {
  none: "nothing was done",
  disable_link: "the link no longer works",
  suspend_account: "its owner is suspended (to undo: holdfast admin users enable)",
} as const;
