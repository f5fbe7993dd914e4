import { missing, newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const mvCommand: CommandMaker = (context) => {
  const command = newCommand("mv", "Move or rename files and folders on the server", [
    "mv /draft.txt /final.txt",
    "mv /a.jpg /b.jpg /photos/",
  ])
    .usage("[options] <sources...> <target>")
    .argument("<paths...>", "files and folders to move, then the new path or the destination folder");
  return runs<[string[]]>(context, command, async (run, paths) => {
    const { moveOrCopy } = await import("./move-or-copy.ts");
    const target = paths.at(-1);
    if (target === undefined || paths.length < 2) missing(command, "Specify at least one source, and then the target.");
    await moveOrCopy(run, paths.slice(0, -1), target, {
      done: "moved",
      act: (client, node, place) =>
        client.call("updateNode", {
          params: { id: node.id },
          body: { parent_id: place.parentId, name: place.name, base_revision: node.revision },
        }),
    });
  });
};
