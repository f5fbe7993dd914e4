import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const cpCommand: CommandMaker = (context) => {
  const command = newCommand("cp", "Copy on the server; no content moves, so size does not matter", [
    "cp /report.odt /report-old.odt",
    "cp /photos /backup/",
  ]).argument("<paths...>", "what to copy, and last the new path or the folder to copy it into");
  return runs<[string[]]>(context, command, async (run, paths) => {
    const { moveOrCopy } = await import("./move-or-copy.ts");
    await moveOrCopy(run, paths, (client, node, place) =>
      client.call("copyNode", { params: { id: node.id }, body: { parent_id: place.parentId, name: place.name } }),
    );
  });
};
