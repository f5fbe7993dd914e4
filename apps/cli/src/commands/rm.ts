import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const rmCommand: CommandMaker = (context) => {
  const command = newCommand("rm", "Move files and folders to the trash, or remove them for good", [
    "rm /old.txt",
    "rm --permanent /secret.txt",
  ])
    .argument("<paths...>", "paths on the server; a folder goes with all below it")
    .option("--permanent", "for good, with all versions: this cannot be undone")
    .option("--yes", "do not ask before --permanent");
  return runs<[string[]]>(context, command, async (run, given, { permanent, yes }) => {
    const [{ lookUpAll }, { inTurn }] = await Promise.all([import("../remote/look-up.ts"), import("./in-turn.ts")]);
    const { client } = await run.connect();
    const nodes = outermost(await lookUpAll(client, given));
    if (permanent === true && yes !== true) {
      const { confirm } = await import("../terminal.ts");
      const what = nodes.map(({ path, kind }) => (kind === "folder" ? `${path}/ with all below it` : path)).join(", ");
      if (!(await confirm(run.context, `Remove ${what} for good?`)))
        throw new HoldfastError("failed", "Nothing was removed.");
    }
    const query = permanent === true ? { permanent: "true" } : {};
    const items = await inTurn(
      nodes,
      ({ path }) => path,
      async (node) => (await client.call("deleteNode", { params: { id: node.id }, query })) ?? node,
    );
    await run.output.result({ items, next_cursor: null }, () => []);
    const [first] = nodes;
    if (permanent !== true && first !== undefined) run.output.note(whereItWent(first));
  });
};

function whereItWent({ kind, id, path, role }: NodeJson): string {
  if (kind === "mount") return "Taken away here. The folder that it showed stays where it is.";
  if (role === "owner") return `Moved to the trash. 'holdfast trash restore ${path}' brings it back.`;
  return `Moved to its owner's trash. 'holdfast trash restore ${id}' brings it back.`;
}

/** Each once, and without what goes with a folder that is named too. */
function outermost(nodes: readonly NodeJson[]): NodeJson[] {
  const paths = new Set(nodes.map(({ path }) => path));
  return nodes.filter(({ path }, index) => {
    const folders = path.split("/").map((_, depth, names) => names.slice(0, depth).join("/"));
    return !folders.some((folder) => paths.has(folder)) && nodes.findIndex((other) => other.path === path) === index;
  });
}
