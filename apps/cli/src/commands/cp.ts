import { missing, newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const cpCommand: CommandMaker = (context) => {
  const command = newCommand("cp", "Copy files and folders on the server; nothing is transferred, whatever the size", [
    "cp /report.odt /report-old.odt",
    "cp /photos /backup/",
  ])
    .usage("[options] <sources...> <target>")
    .argument("<paths...>", "files and folders to copy, then the new path or the destination folder");
  return runs<[string[]]>(context, command, async (run, paths) => {
    const { moveOrCopy } = await import("./move-or-copy.ts");
    const target = paths.at(-1);
    if (target === undefined || paths.length < 2) missing(command, "Specify at least one source, and then the target.");
    await moveOrCopy(run, paths.slice(0, -1), target, {
      done: "copied",
      act: (client, node, place) =>
        client.call("copyNode", { params: { id: node.id }, body: { parent_id: place.parentId, name: place.name } }),
    });
  });
};
