import { HoldfastError } from "@holdfast/core/errors";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { readId } from "../remote/remote-path.ts";

export const leaveCommand: CommandMaker = (context) => {
  const command = newCommand("leave", "Leave a folder that was shared with you; its owner keeps it", [
    "leave /holiday",
  ]).argument("<path-or-id>", "its path in your files, or its ID from `shared`");
  return runs<[string]>(context, command, async (run, given) => {
    const [{ findSharedWithMe, lookUpShared }, { allPages, pageItemsMax }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const node = await lookUpShared(client, given).catch(async (thrown: unknown) => {
      // An uploader cannot read the folder, and finds it only in the list of shares.
      const id = thrown instanceof HoldfastError && thrown.code === "not_found" ? readId(given) : undefined;
      const shared = id === undefined ? undefined : await findSharedWithMe(client, id);
      if (shared === undefined) throw toNotShared(thrown, given);
      return shared;
    });
    const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
    const left: string[] = [];
    for await (const page of pages) {
      for (const { permission } of page) {
        if (permission.node_id !== node.id || permission.grantee.kind !== "user") continue;
        await client.call("deletePermission", { params: { id: permission.id } });
        left.push(permission.id);
      }
    }
    if (left.length === 0) {
      throw new HoldfastError(
        "not_found",
        `${given} was not shared with you directly: it was shared with a group, or you own it.`,
      );
    }
    await run.output.done({ left, node_id: node.id }, () => [`left ${given}`]);
  });
};

/** Many shares are not mounted and have no path here. */
function toNotShared(thrown: unknown, given: string): unknown {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "not_found") return thrown;
  const what =
    readId(given) === undefined ? `Nothing is mounted at ${given}` : `Nothing with the ID ${given} is shared with you`;
  const message = `${what}. 'holdfast shared' lists what is shared with you, with IDs.`;
  return new HoldfastError("not_found", message, { cause: thrown });
}
