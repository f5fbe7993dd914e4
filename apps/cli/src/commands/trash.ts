import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { formatTable, formatTime, printable } from "../output/text.ts";
import { newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker, Context } from "./command.ts";

export const trashCommand: CommandMaker = (context) =>
  newGroup("trash", "See, restore or empty the trash", [list(context), restore(context), empty(context)]);

type Client = Awaited<ReturnType<Parameters<Parameters<typeof runs>[2]>[0]["connect"]>>["client"];

async function* trashPages(client: Client): AsyncGenerator<NodeJson[]> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  yield* allPages((cursor) => client.call("listTrash", { query: { cursor, limit: pageItemsMax } }));
}

function list(context: Context) {
  const command = newCommand("ls", "List what is in the trash, newest first", ["trash ls"]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    await run.output.listing(trashPages(client), (items) =>
      formatTable(
        items.map((node) => [formatTime(node.trashed_at), String(node.size), node.id, printable(node.path)]),
        [1],
      ),
    );
  });
}

function restore(context: Context) {
  const command = newCommand("restore", "Put something back where it was", ["trash restore /old.txt"])
    .argument("<what...>", "its path as it was, its name, or its id")
    .option("--to <folder>", "into another folder");
  return runs<[string[]]>(context, command, async (run, wanted, { to }) => {
    const { lookUpFolder } = await import("../remote/look-up.ts");
    const { client } = await run.connect();
    const folder = to === undefined ? {} : { parent_id: (await lookUpFolder(client, String(to))).id };
    // Whoever wants something back wants it, whatever has taken its name meanwhile.
    const body = { ...folder, on_conflict: "rename" as const };
    const items: NodeJson[] = [];
    for (const what of wanted) {
      const { id } = await findTrashed(client, what);
      items.push(await client.call("restoreFromTrash", { params: { id }, body }));
    }
    await run.output.result({ items, next_cursor: null }, () =>
      items.map((node) => `restored ${printable(node.path)}`),
    );
  });
}

/** The newest one of that id, path or name. */
async function findTrashed(client: Client, what: string): Promise<NodeJson> {
  const path = `/${what.replaceAll(/^\/+|\/+$/g, "")}`;
  for await (const page of trashPages(client)) {
    const found = page.find((node) => node.id === what || node.path === path || `/${node.name}` === path);
    if (found !== undefined) return found;
  }
  throw new HoldfastError("not_found", `There is no ${what} in the trash. 'holdfast trash ls' shows what there is.`);
}

function empty(context: Context) {
  const command = newCommand("empty", "Remove all that is in the trash for good: this cannot be undone", [
    "trash empty",
  ]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const answer = await client.call("emptyTrash");
    await run.output.result(answer, () => [`removed ${answer.purged} for good`]);
  });
}
