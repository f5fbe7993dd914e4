import type { ActivityJson, ActivityVerb } from "@holdfast/protocol/activity-routes";
import { type Column, Listing } from "../output/listing.ts";
import { formatNumber } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

const itemsMax = 200;

const columns: readonly Column[] = [
  { title: "WHEN" },
  { title: "WHO", shortens: true },
  { title: "DEVICE", shortens: true },
  { title: "DID", shortens: "alike" },
  { title: "WHAT", shortens: "alike" },
  { title: "FOLDER", shortens: "alike" },
  { title: "REWIND ID" },
];

export const activityCommand: CommandMaker = (context) => {
  const command = newCommand("activity", "List activity, newest first", ["activity", "activity /photos"]).argument(
    "[path]",
    "file or folder",
  );
  return runs<[string | undefined]>(context, command, async (run, path) => {
    const [{ lookUpShared }, { allPages }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const top = path === undefined ? {} : { in: (await lookUpShared(client, path)).id };
    const pages = allPages((cursor) => client.call("listActivity", { query: { ...top, limit: itemsMax, cursor } }));
    const listing = new Listing(run.output, columns, "There is no activity.");
    await run.output.listing(pages, (items) =>
      listing.lines(
        items.map(({ at, actor, device, verb, node, count, detail }) => [
          listing.time(at),
          actor.name,
          // Devices of other people are not shown.
          device?.name ?? "-",
          didWhat(verb, detail),
          `${node.name === "" ? "/" : node.name}${count === 1 ? "" : ` and ${formatNumber(count - 1)} more`}`,
          node.folder ?? folderOf(node),
          typeof detail["rewind_id"] === "string" ? detail["rewind_id"] : "",
        ]),
      ),
    );
  });
};

/** The grant of an app password is a link without an address. */
function didWhat(verb: ActivityVerb, detail: ActivityJson["detail"]): string {
  // Former folder of a moved node, or former name of a renamed one.
  const { from } = detail;
  if (detail["app_password"] !== true) return typeof from === "string" ? `${verb} from ${from}` : verb;
  return verb === "linked" ? "added app password" : "removed app password";
}

/** Returns the folder. The path of a shared item that is not mounted starts at the item itself, which is `/`. */
function folderOf({ path, name }: { readonly path?: string | undefined; readonly name: string }): string {
  if (path === undefined || path === "/" || name === "") return "-";
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
