import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { nodeRows } from "./node-rows.ts";

export const recentCommand: CommandMaker = (context) => {
  const command = newCommand("recent", "List the files that you changed recently on any device, newest first", [
    "recent",
  ]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("listRecent");
    await run.output.result(page, () => nodeRows(run.output, "You have not changed any files recently.")(page.items));
  });
};
