import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const rmCommand: CommandMaker = (context) => {
  const command = newCommand("rm", "Move files and folders to the trash, or remove them for good", [
    "rm /old.txt",
    "rm --permanent /secret.txt",
  ])
    .argument("<paths...>", "paths on the server; a folder goes with all below it")
    .option("--permanent", "for good, with all versions: this cannot be undone");
  return runs<[string[]]>(context, command, async (run, paths, { permanent }) => {
    const { lookUp } = await import("../remote/look-up.ts");
    const { client } = await run.connect();
    const items = [];
    for (const path of paths) {
      const node = await lookUp(client, path);
      const query = permanent === true ? { permanent: "true" } : {};
      items.push((await client.call("deleteNode", { params: { id: node.id }, query })) ?? node);
    }
    await run.output.result({ items, next_cursor: null }, () => []);
    if (permanent !== true) run.output.note(`Moved to the trash. 'holdfast trash restore ${paths[0]}' brings it back.`);
  });
};
