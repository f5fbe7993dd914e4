import { HoldfastError } from "@holdfast/core/errors";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const unshareCommand: CommandMaker = (context) => {
  const command = newCommand("unshare", "Take away what a person or a group was given at a file or folder", [
    "unshare /photos/2026 --with ann@example.com",
  ])
    .argument("<path>", "a file or folder on the server")
    .requiredOption("--with <whom>", "an address, or the name of a group");
  return runs<[string, { readonly with: string }]>(context, command, async (run, path, options) => {
    const { lookUpShared } = await import("../remote/look-up-shared.ts");
    const { client } = await run.connect();
    const { id } = await lookUpShared(client, path);
    const { items } = await client.call("listPermissions", { params: { id } });
    const wanted = options.with.trim().toLowerCase();
    const permission = items.find(
      ({ grantee: { kind, email, name }, inherited_from: above }) =>
        above === undefined &&
        (email?.toLowerCase() === wanted || (kind === "group" && name?.toLowerCase() === wanted)),
    );
    if (permission === undefined) {
      throw new HoldfastError(
        "not_found",
        `${options.with} has nothing at ${path} itself. 'holdfast permissions ${path}' shows who has.`,
      );
    }
    await client.call("deletePermission", { params: { id: permission.id } });
    await run.output.result(permission, () => [`${path} is no longer shared with ${options.with}`]);
  });
};
