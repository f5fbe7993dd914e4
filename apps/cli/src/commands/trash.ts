import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { type Column, Listing } from "../output/listing.ts";
import { count } from "../output/text.ts";
import { newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker, Context } from "./command.ts";

export const trashCommand: CommandMaker = (context) =>
  newGroup(
    "trash",
    "See, restore or empty the trash",
    ["trash ls", "trash restore /old.txt"],
    [list(context), restore(context), empty(context)],
    list(context),
  );

type Client = Awaited<ReturnType<Parameters<Parameters<typeof runs>[2]>[0]["connect"]>>["client"];

async function* trashPages(client: Client): AsyncGenerator<NodeJson[]> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  yield* allPages((cursor) => client.call("listTrash", { query: { cursor, limit: pageItemsMax } }));
}

const columns: readonly Column[] = [
  { title: "DELETED" },
  { title: "SIZE", right: true },
  { title: "ID" },
  { title: "PATH" },
];

function list(context: Context) {
  const command = newCommand("ls", "List what is in the trash, newest first", ["trash ls"]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const listing = new Listing(run.output, columns, "The trash is empty.");
    await run.output.listing(trashPages(client), (items) =>
      listing.lines(items.map((node) => [listing.time(node.trashed_at), listing.sizeOf(node), node.id, node.path])),
    );
  });
}

function restore(context: Context) {
  const command = newCommand("restore", "Put something back where it was", ["trash restore /old.txt"])
    .argument("<what...>", "its path as it was, its name, or its id")
    .option("--to <folder>", "into another folder");
  return runs<[string[]]>(context, command, async (run, wanted, { to }) => {
    const [{ lookUpFolder }, { parseRemotePath }, { inTurn }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../remote/remote-path.ts"),
      import("./in-turn.ts"),
    ]);
    const folderPath = to === undefined ? undefined : parseRemotePath(String(to));
    const paths = wanted.map(parseRemotePath);
    const { client } = await run.connect();
    const folder = folderPath === undefined ? {} : { parent_id: (await lookUpFolder(client, folderPath)).id };
    // Whoever wants something back wants it, whatever has taken its name meanwhile.
    const body = { ...folder, on_conflict: "rename" as const };
    // All are found before any is restored, so that one that is missing leaves the rest where it is.
    const found: NodeJson[] = [];
    for (const path of paths) found.push(await findTrashed(client, path, found));
    const items = await inTurn(
      found,
      ({ path }) => path,
      ({ id }) => client.call("restoreFromTrash", { params: { id }, body }),
    );
    await run.output.result({ items, next_cursor: null }, () => items.map((node) => `restored ${node.path}`));
  });
}

/** The newest one of that id, path or name that is not found already; by its id also what lies in somebody else's trash. */
async function findTrashed(client: Client, wanted: string, found: readonly NodeJson[]): Promise<NodeJson> {
  const path = wanted.replace(/\/$/, "");
  const wantedId = path.slice(1);
  if (isId(wantedId) && !found.some(({ id }) => id === wantedId)) {
    const { items } = await client.call("queryNodes", { body: { ids: [wantedId] } });
    if (items[0]?.state === "trashed") return client.call("getNode", { params: { id: wantedId } });
  }
  for await (const page of trashPages(client)) {
    const node = page.find(
      (each) =>
        (`/${each.id}` === path || each.path === path || `/${each.name}` === path) &&
        !found.some((known) => known.id === each.id),
    );
    if (node !== undefined) return node;
  }
  throw new HoldfastError("not_found", `There is no ${path} in the trash. 'holdfast trash ls' shows what there is.`);
}

function empty(context: Context) {
  const command = newCommand("empty", "Remove all that is in the trash for good: this cannot be undone", [
    "trash empty",
  ]).option("--yes", "do not ask");
  return runs<[]>(context, command, async (run, { yes }) => {
    const { confirm } = await import("../terminal.ts");
    const isMeant = yes === true || (await confirm(context, "Remove all that is in the trash for good?"));
    if (!isMeant) throw new HoldfastError("failed", "Nothing was removed.");
    const { client } = await run.connect();
    const answer = await client.call("emptyTrash");
    await run.output.result(answer, () => [`removed ${count(answer.purged, "item")} for good`]);
  });
}
