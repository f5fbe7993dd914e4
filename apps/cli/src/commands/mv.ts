import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const mvCommand: CommandMaker = (context) => {
  const command = newCommand("mv", "Move or rename on the server; what is below a folder goes with it", [
    "mv /draft.txt /final.txt",
    "mv /a.jpg /b.jpg /photos/",
  ]).argument("<paths...>", "what to move, and last the new path or the folder to move it into");
  return runs<[string[]]>(context, command, async (run, paths) => {
    const { moveOrCopy } = await import("./move-or-copy.ts");
    await moveOrCopy(run, paths, (client, node, place) =>
      client.call("updateNode", {
        params: { id: node.id },
        body: { parent_id: place.parentId, name: place.name, base_revision: node.revision },
      }),
    );
  });
};
