import { formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const versionsCommand: CommandMaker = (context) => {
  const command = newCommand("versions", "List the versions of a file, newest first", [
    "versions /report.odt",
  ]).argument("<path>", "a file on the server");
  return runs<[string]>(context, command, async (run, path) => {
    const [{ lookUpFile }, { allPages, pageItemsMax }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const { id } = await lookUpFile(client, path);
    const pages = allPages((cursor) =>
      client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
    );
    await run.output.listing(pages, (items) =>
      formatTable(
        items.map((item) => [String(item.number), String(item.size), formatTime(item.created_at), item.created_by]),
        [0, 1],
      ),
    );
  });
};
