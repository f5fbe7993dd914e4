import { printable } from "@holdfast/core/printable";
import { timeFor } from "../output/listing.ts";
import { indented } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const commentsCommand: CommandMaker = (context) => {
  const command = newCommand("comments", "List the comments on a file or folder, oldest first", [
    "comments /report.odt",
  ]).argument("<path>", "file or folder on the server");
  return runs<[string]>(context, command, async (run, path) => {
    const [{ lookUpShared }, { allPages, pageItemsMax }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const { id } = await lookUpShared(client, path);
    const pages = allPages((cursor) =>
      client.call("listComments", { params: { id }, query: { cursor, limit: pageItemsMax } }),
    );
    await run.output.listing(pages, (items) =>
      items.length === 0
        ? ["There are no comments."]
        : items.flatMap(({ text, author, at, resolved }) => [
            `${timeFor(run.output, at)}  ${author.name}${resolved ? "  (resolved)" : ""}`,
            ...text.split("\n").flatMap((line) => indented(printable(line), run.output.columns ?? Infinity, "    ")),
          ]),
    );
  });
};
