import { type Column, Listing } from "../output/listing.ts";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";

export const trashCommand: CommandMaker = (context) =>
  newGroup(
    "trash",
    "List, restore or empty the trash",
    ["trash ls", "trash restore /old.txt"],
    [list(context), restore(context), empty(context)],
    list(context),
  );

const columns: readonly Column[] = [
  { title: "DELETED" },
  { title: "SIZE", right: true },
  { title: "ID" },
  { title: "PATH", overflows: true },
];

function list(context: Context) {
  const command = newCommand("ls", "List the trash, newest first", ["trash ls"]);
  return runs<[]>(context, command, async (run) => {
    const { trashPages } = await import("../remote/find-trashed.ts");
    const { client } = await run.connect();
    const listing = new Listing(run.output, columns, "The trash is empty.");
    await run.output.listing(trashPages(client), (items) =>
      listing.lines(items.map((node) => [listing.time(node.trashed_at), sizeIn(listing, node), node.id, node.path])),
    );
  });
}

/** The server does not sum up a folder, and 0 would be wrong. */
function sizeIn(listing: Listing, node: Pick<NodeJson, "kind" | "size">): string {
  return node.kind === "folder" ? "-" : listing.sizeOf(node);
}

function restore(context: Context) {
  const command = newCommand("restore", "Restore items to their original locations", ["trash restore /old.txt"])
    .argument("<items...>", "ID, former path, or name")
    .option("--to <folder>", "restore to another folder");
  return runs<[string[]]>(context, command, async (run, wanted, { to }) => {
    const [{ lookUpFolder }, { parseNewPath }, { findTrashed }, { inTurn }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../remote/remote-path.ts"),
      import("../remote/find-trashed.ts"),
      import("./in-turn.ts"),
    ]);
    const folderPath = to === undefined ? undefined : parseNewPath(String(to));
    const { client } = await run.connect();
    const folder = folderPath === undefined ? {} : { parent_id: (await lookUpFolder(client, folderPath)).id };
    // Renames if the name is taken, so that a restore always succeeds.
    const body = { ...folder, on_conflict: "rename" as const };
    // Finds all items first, so that a missing one changes nothing.
    const found = await findTrashed(client, wanted, run.output);
    const items = await inTurn(
      found,
      ({ path }) => path,
      ({ id }) => client.call("restoreFromTrash", { params: { id }, body }),
    );
    await run.output.done({ items, next_cursor: null }, () => items.map((node) => `restored ${node.path}`));
  });
}

function empty(context: Context) {
  const command = newCommand("empty", "Delete everything in the trash permanently; cannot be undone", [
    "trash empty",
    "trash empty --dry-run",
  ])
    .option("--dry-run", "only show how much would be deleted")
    .option("--yes", "do not ask");
  return runs<[]>(context, command, async (run, { yes, dryRun }) => {
    const { client } = await run.connect();
    // A token without permission to read the usage shows no size.
    const usage = await client.call("getUsage").catch(() => undefined);
    const words = (items: number) =>
      `${count(items, "item")}${usage === undefined || items === 0 ? "" : ` (${formatBytes(usage.trash_bytes)})`}`;
    const isAsked = yes !== true && context.stdin.isTTY === true;
    // Counted before the question, to exclude items that are added while it is open.
    const shown = dryRun === true || isAsked ? await countTrash(client) : undefined;
    if (shown !== undefined && (dryRun === true || shown.count === 0)) {
      const answer = { purged: shown.count, dry_run: dryRun === true };
      return run.output.result(answer, () => [
        shown.count === 0 ? "The trash is empty." : `would permanently delete ${words(shown.count)}`,
      ]);
    }
    if (shown !== undefined) {
      const { assertConfirmed } = await import("../invocation/terminal.ts");
      const question = `Permanently delete ${words(shown.count)} from the trash?`;
      await assertConfirmed(context, question, "Nothing was deleted.");
    }
    const { purged } = await client.call("emptyTrash", { query: { seen: shown?.seq, epoch: shown?.epoch } });
    const isAll = shown === undefined || purged === shown.count;
    await run.output.done({ purged, dry_run: false }, () => [
      `permanently deleted ${isAll ? words(purged) : count(purged, "item")}`,
    ]);
  });
}

interface Shown {
  readonly count: number;
  /** Fields of the list, passed to `emptyTrash`. */
  readonly seq: number | undefined;
  readonly epoch: string | undefined;
}

async function countTrash(client: ApiClient): Promise<Shown> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  let items = 0;
  let head: Pick<Shown, "seq" | "epoch"> | undefined;
  const pages = allPages(async (cursor) => {
    const page = await client.call("listTrash", { query: { cursor, limit: pageItemsMax } });
    head ??= { seq: page.seq, epoch: page.epoch };
    return page;
  });
  for await (const page of pages) items += page.length;
  return { count: items, seq: head?.seq, epoch: head?.epoch };
}
