import { formatBytes, formatTable } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const dfCommand: CommandMaker = (context) => {
  const command = newCommand("df", "Show how much space is used, and the quota", ["df", "df --json"]);
  return runs<[]>(context, command, async (run) => {
    const { client, server } = await run.connect();
    const { email, plan, used_bytes, stored_bytes, quota_bytes } = await client.call("getAccount");
    const free_bytes = quota_bytes === null ? null : Math.max(0, quota_bytes - used_bytes);
    await run.output.result({ server, email, plan, used_bytes, stored_bytes, quota_bytes, free_bytes }, () =>
      formatTable(
        [
          ["used", formatBytes(used_bytes)],
          ["stored", formatBytes(stored_bytes)],
          ["quota", quota_bytes === null ? "none" : formatBytes(quota_bytes)],
          ["free", free_bytes === null ? "-" : formatBytes(free_bytes)],
        ],
        [1],
      ),
    );
  });
};
