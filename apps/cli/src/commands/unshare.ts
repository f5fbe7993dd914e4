import { HoldfastError } from "@holdfast/core/errors";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { onlyGroup } from "./only-group.ts";

export const unshareCommand: CommandMaker = (context) => {
  const command = newCommand("unshare", "Stop sharing a file or folder with a person or a group", [
    "unshare /photos/2026 --with ann@example.com",
  ])
    .argument("<path>", "file or folder on the server")
    .requiredOption("--with <recipient>", "e-mail address, or name or ID of a group");
  return runs<[string, { readonly with: string }]>(context, command, async (run, path, options) => {
    const { lookUpGranted } = await import("../remote/look-up-shared.ts");
    const { client } = await run.connect();
    const { id, trashed_at: trashedAt } = await lookUpGranted(client, path, run.output);
    const { items } = await client.call("listPermissions", { params: { id } });
    const permission = permissionOf(items, options.with);
    if (permission === undefined) {
      throw new HoldfastError(
        "not_found",
        `${options.with} has no permission at ${path} itself. 'holdfast permissions ${path}' shows who has access.`,
      );
    }
    await client.call("deletePermission", { params: { id: permission.id } });
    await run.output.done(permission, () => [
      `${path}${trashedAt === null ? "" : ", which is in the trash,"} is no longer shared with ${options.with}`,
    ]);
  });
};

/** Returns the permission on the node itself. @throws HoldfastError conflict if several groups have the name */
export function permissionOf(items: readonly PermissionJson[], whom: string): PermissionJson | undefined {
  const wanted = whom.trim().toLowerCase();
  const own = items.filter(({ inherited_from: above }) => above === undefined);
  const person = own.find(({ grantee: { email } }) => email?.toLowerCase() === wanted);
  if (person !== undefined) return person;
  const groups = own.flatMap((each) => {
    const { kind, id = "", name = "" } = each.grantee;
    return kind === "group" ? [{ id, name: name.toLowerCase(), permission: each }] : [];
  });
  return onlyGroup(groups, wanted)?.permission;
}
