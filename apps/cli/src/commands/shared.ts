import type { SharedJson } from "@holdfast/protocol/sharing-routes";
import { type Column, Listing } from "../output/listing.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

const columns: readonly Column[] = [
  { title: "ROLE" },
  { title: "OWNER", shortens: true },
  { title: "NAME", shortens: true },
  { title: "SHOWN", word: "at" },
  { title: "ID" },
];

export const sharedCommand: CommandMaker = (context) => {
  const command = newCommand("shared", "List files and folders that others share with you", ["shared"]);
  return runs<[]>(context, command, async (run) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const { client } = await run.connect();
    const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
    const listing = new Listing(run.output, columns, "Nobody shares anything with you.");
    await run.output.listing(pages, (items) => listing.lines(items.map(sharedCells)));
  });
};

function sharedCells({ node, permission, owner, mount_id: mountId }: SharedJson): string[] {
  const name = node.kind === "folder" ? `${node.name}/` : node.name;
  return [permission.role, owner.email, name, mountId === null ? "" : `at ${node.path}`, node.id];
}
