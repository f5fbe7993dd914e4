import type { NodeJson } from "@holdfast/protocol/values";
import { count } from "../output/text.ts";
import type { TrashedFrom } from "../remote/trashed-from.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const rmCommand: CommandMaker = (context) => {
  const command = newCommand("rm", "Move files and folders to the trash, or delete them permanently", [
    "rm /old.txt",
    "rm --permanent /secret.txt",
  ])
    .argument("<paths...>", "paths on the server; a folder includes everything in it")
    .option(
      "--permanent",
      "delete permanently, with all versions and whatever was moved from the folder to the trash before; cannot be undone, but synced devices keep files in their .holdfast/trash for a while",
    )
    .option("--yes", "do not ask before deleting permanently");
  return runs<[string[]]>(context, command, async (run, given, { permanent, yes }) => {
    const [{ lookUpAll }, { inTurn }] = await Promise.all([import("../remote/look-up.ts"), import("./in-turn.ts")]);
    const { client } = await run.connect();
    const nodes = outermost(await lookUpAll(client, given));
    const { trashedFrom } = await import("../remote/trashed-from.ts");
    const trashed = permanent === true ? await trashedFrom(client, nodes) : undefined;
    const isAsked = trashed !== undefined && yes !== true && context.stdin.isTTY === true;
    if (isAsked) {
      const { assertConfirmed } = await import("../terminal.ts");
      const what = nodes
        .map(({ path, kind }) => (kind === "folder" ? `${path}/ and everything in it` : path))
        .join(", ");
      const question = `Permanently delete ${what}${alsoGoing(trashed)}?`;
      await assertConfirmed(run.context, question, "Nothing was deleted.");
    }
    const query = permanent === true ? { permanent: "true" } : {};
    const items = await inTurn(
      nodes,
      ({ path }) => path,
      async (node) => (await client.call("deleteNode", { params: { id: node.id }, query })) ?? node,
    );
    await run.output.result({ items, next_cursor: null }, () => []);
    const [first] = nodes;
    if (trashed !== undefined && !isAsked) for (const line of alsoGone(trashed)) run.output.note(line);
    if (permanent !== true && first !== undefined) run.output.note(whereItWent(first));
  });
};

/** For the question. */
function alsoGoing({ count: below, isAll }: TrashedFrom): string {
  if (isAll && below === 0) return "";
  if (below === 0) return ", and everything from there in the trash";
  return `, and ${isAll ? "" : "more than "}${count(below, "item")} from there in the trash`;
}

/** For who was not asked. */
function alsoGone({ count: below, isAll }: TrashedFrom): string[] {
  if (isAll && below === 0) return [];
  if (below === 0) return ["Everything from there in the trash was also permanently deleted."];
  return [
    `${isAll ? "" : "More than "}${count(below, "item")} from there in the trash ${isAll && below === 1 ? "was" : "were"} also permanently deleted.`,
  ];
}

function whereItWent({ kind, id, path, role }: NodeJson): string {
  if (kind === "mount") return "Removed from your files. The shared folder itself was not changed.";
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
