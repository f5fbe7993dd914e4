import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { stateOf } from "./link.ts";

export const permissionsCommand: CommandMaker = (context) => {
  const command = newCommand("permissions", "List who may do what with a file or folder", [
    "permissions /project",
  ]).argument("<path>", "a file or folder on the server");
  return runs<[string]>(context, command, async (run, path) => {
    const { lookUpShared } = await import("../remote/look-up-shared.ts");
    const { client } = await run.connect();
    const { id } = await lookUpShared(client, path);
    const page = await client.call("listPermissions", { params: { id } });
    await run.output.result(page, () => formatTable(page.items.map(permissionCells), []));
  });
};

function permissionCells(permission: PermissionJson): string[] {
  const { id, grantee, role, expires_at, inherited_from: above } = permission;
  const who = grantee.email ?? grantee.name ?? grantee.kind;
  const until = expires_at === null ? "" : `until ${formatTime(expires_at)}`;
  return [grantee.kind, who, role, until, above === undefined ? "" : "from above", stateOf(permission), id];
}
