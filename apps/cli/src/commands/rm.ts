import { shellWord } from "@holdfast/core/shell-word";
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
      "delete permanently, with all versions and any items moved from the folder to the trash earlier; cannot be undone, but synced devices keep files in their .holdfast/trash for a while",
    )
    .option("--yes", "do not ask before deleting permanently");
  return runs<[string[]]>(context, command, async (run, given, { permanent, yes }) => {
    const [{ lookUpAll }, { inTurn }] = await Promise.all([import("../remote/look-up.ts"), import("./in-turn.ts")]);
    const { client } = await run.connect();
    const isAsked = permanent === true && yes !== true && context.stdin.isTTY === true;
    // Read before the question, to exclude items that others add during it.
    const { seq: seen, epoch } = isAsked ? await client.call("listTrash", { query: { limit: 1 } }) : {};
    const nodes = outermost(await lookUpAll(client, given));
    const { trashedFrom } = await import("../remote/trashed-from.ts");
    const trashed = permanent === true ? await trashedFrom(client, nodes) : undefined;
    if (trashed !== undefined && isAsked) {
      const { assertConfirmed } = await import("../invocation/terminal.ts");
      const what = nodes
        .map(({ path, kind }) => (kind === "folder" ? `${path}/ and everything in it` : path))
        .join(", ");
      const question = `Permanently delete ${what}${alsoGoing(trashed)}?`;
      await assertConfirmed(run.context, question, "Nothing was deleted.");
    }
    const query = permanent === true ? { permanent: "true", seen, epoch } : {};
    const items = await inTurn(
      nodes,
      ({ path }) => path,
      async (node) => (await client.call("deleteNode", { params: { id: node.id }, query })) ?? node,
    );
    await run.output.result({ items, next_cursor: null }, () => []);
    if (trashed !== undefined && !isAsked) for (const line of alsoGone(trashed)) run.output.note(line);
    if (permanent !== true) for (const line of whereTheyWent(nodes)) run.output.note(line);
  });
};

function alsoGoing({ count: below, isAll }: TrashedFrom): string {
  if (isAll && below === 0) return "";
  if (below === 0) return ", and everything from there in the trash";
  return `, and ${isAll ? "" : "more than "}${count(below, "item")} from there in the trash`;
}

/** Shown if nobody was asked. */
function alsoGone({ count: below, isAll }: TrashedFrom): string[] {
  if (isAll && below === 0) return [];
  if (below === 0) return ["Everything from there in the trash was also permanently deleted."];
  return [
    `${isAll ? "" : "More than "}${count(below, "item")} from there in the trash ${isAll && below === 1 ? "was" : "were"} also permanently deleted.`,
  ];
}

/** Paths in one restore command. Above this number, 'holdfast trash ls' lists them. */
const restoredTogetherMax = 20;

function whereTheyWent(nodes: readonly NodeJson[]): string[] {
  const isMount = ({ kind }: NodeJson): boolean => kind === "mount";
  const mounts = nodes.filter(isMount);
  const own = nodes.filter((node) => !isMount(node) && node.role === "owner");
  const foreign = nodes.filter((node) => !isMount(node) && node.role !== "owner");
  const restore = (what: readonly string[]): string =>
    `'holdfast trash restore ${what.map(shellWord).join(" ")}' brings ${what.length === 1 ? "it" : "them"} back.`;
  const restoreOwn =
    own.length > restoredTogetherMax
      ? "'holdfast trash ls' lists them, and 'holdfast trash restore' brings them back."
      : restore(own.map(({ path }) => path));
  const shared = mounts.length === 1 ? "folder itself was" : "folders themselves were";
  return [
    ...(mounts.length === 0 ? [] : [`Removed from your files. The shared ${shared} not changed.`]),
    ...(own.length === 0 ? [] : [`Moved to the trash. ${restoreOwn}`]),
    // Only the owner can list the owner's trash, so IDs are used.
    ...(foreign.length === 0
      ? []
      : [
          `Moved to ${foreign.length === 1 ? "its owner's" : "their owners'"} trash. ${restore(foreign.map(({ id }) => id))}`,
        ]),
  ];
}

/** Removes duplicates and items inside another given folder. */
function outermost(nodes: readonly NodeJson[]): NodeJson[] {
  const paths = new Set(nodes.map(({ path }) => path));
  return nodes.filter(({ path }, index) => {
    const folders = path.split("/").map((_, depth, names) => names.slice(0, depth).join("/"));
    return !folders.some((folder) => paths.has(folder)) && nodes.findIndex((other) => other.path === path) === index;
  });
}
