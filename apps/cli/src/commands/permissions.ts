import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { type Column, Listing } from "../output/listing.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { stateOf } from "./link.ts";

const columns: readonly Column[] = [
  { title: "KIND" },
  { title: "WHO" },
  { title: "ROLE" },
  { title: "ENDS", word: "until" },
  { title: "FROM", word: "from" },
  { title: "STATE" },
  { title: "ID" },
];

export const permissionsCommand: CommandMaker = (context) => {
  const command = newCommand("permissions", "List who has access to a file or folder", [
    "permissions /project",
  ]).argument("<path>", "file or folder on the server");
  return runs<[string]>(context, command, async (run, path) => {
    const { lookUpGranted } = await import("../remote/look-up-shared.ts");
    const { client } = await run.connect();
    const { id, trashed_at: trashedAt } = await lookUpGranted(client, path, run.output);
    const page = await client.call("listPermissions", { params: { id } });
    const listing = new Listing(run.output, columns, "Nobody else has access.");
    await run.output.result(page, () => listing.lines(page.items.map((each) => cellsOf(each, listing))));
    if (trashedAt !== null && page.items.length > 0)
      run.output.note("This item is in the trash: if it is restored, they have access again.");
  });
};

function cellsOf(permission: PermissionJson, listing: Listing): string[] {
  const { id, grantee, role, expires_at, inherited_from: above } = permission;
  const who = grantee.email ?? grantee.name ?? grantee.kind;
  const until = expires_at === null ? "" : `until ${listing.time(expires_at)}`;
  const kind = permission.app === true ? "app password" : grantee.kind;
  return [kind, who, role, until, above === undefined ? "" : "inherited", stateOf(permission), id];
}
