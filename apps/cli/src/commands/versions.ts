import type { VersionJson } from "@holdfast/protocol/version-routes";
import { formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { diffCommand } from "./versions-diff.ts";
import { labelCommand } from "./versions-label.ts";

export const versionsCommand: CommandMaker = (context) => {
  const command = newCommand("versions", "List the versions of a file, newest first; label one, compare two", [
    "versions /report.odt",
    'versions label /report.odt 3 "as sent to print"',
    "versions diff /notes.txt",
  ])
    .argument("<path>", "a file on the server")
    .addCommand(labelCommand(context))
    .addCommand(diffCommand(context));
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
    await run.output.listing(pages, (items) => formatTable(items.map(cellsOf), [0, 1]));
  });
};

function cellsOf({ number, size, created_at, author, label }: VersionJson): string[] {
  return [String(number), String(size), formatTime(created_at), author.name, label ?? ""];
}
