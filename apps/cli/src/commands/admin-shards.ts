import { Listing } from "../output/listing.ts";
import { count, formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function shardsCommand(context: Context) {
  const command = newAdminCommand(
    "shards",
    "List the databases that accounts are distributed over; exit code 1 if one does not answer",
    ["admin shards", "admin shards --json"],
  );
  return runs<[]>(context, command, async (run, { data }) => {
    const page = await adminCall(run, data, "adminListShards", {});
    await run.output.result(page, () =>
      new Listing(run.output, columns, "There are no databases.").lines(
        page.items.map(({ name, database, state, buckets, accounts, nodes }) => [
          name,
          state,
          database,
          count(buckets, "bucket"),
          accounts === null ? "" : count(accounts, "account"),
          nodes === null ? "" : `${formatNumber(nodes)} files and folders`,
        ]),
      ),
    );
    if (page.items.some(({ state }) => state !== "ok")) context.exitCode = 1;
  });
}

const columns = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "DATABASE" },
  { title: "BUCKETS", word: "buckets" },
  { title: "ACCOUNTS", word: "accounts" },
  { title: "FILES AND FOLDERS", word: "files and folders" },
] as const;
