import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { nodeRows } from "./node-rows.ts";

export const starredCommand: CommandMaker = (context) => {
  const command = newCommand("starred", "List starred files and folders, most recent first", ["starred"]);
  return runs<[]>(context, command, async (run) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const { client } = await run.connect();
    const pages = allPages((cursor) => client.call("listStarred", { query: { cursor, limit: pageItemsMax } }));
    await run.output.listing(pages, nodeRows(run.output, "Nothing is starred."));
  });
};
