import type { ApiClient } from "@holdfast/api-client/api-client";
import { joinPath, splitPath } from "@holdfast/core/names";
import { HoldfastError } from "@holdfast/core/errors";
import { parseNewPath, readId } from "../remote/remote-path.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";

export const mountCommand: CommandMaker = (context) => {
  const command = newCommand("mount", "Add a folder that someone shares with you to your files", [
    "mount holiday",
    "mount 0199c3a1-… --at /family/holiday",
  ])
    .argument("<path-or-id>", "name or ID from `shared`")
    .option("--at <path>", "where to add it; default is its name at the top level");
  return runs<[string, { readonly at?: string }]>(context, command, async (run, given, { at }) => {
    const { client } = await run.connect();
    const nodeId = readId(given) ?? (await idOfShared(client, given));
    const names = at === undefined ? [] : splitPath(parseNewPath(at));
    const name = names.pop();
    if (at !== undefined && name === undefined) throw usage("Specify a name: the root itself is always mounted.");
    const { lookUp } = await import("../remote/look-up.ts");
    const parent = names.length === 0 ? {} : { parent_id: (await lookUp(client, joinPath(names))).id };
    const node = await client.call("createMount", {
      body: { node_id: nodeId, ...parent, ...(name === undefined ? {} : { name }) },
    });
    await run.output.done(node, () => [`mounted at ${node.path}`]);
  });
};

/** @throws HoldfastError not_found; conflict if several have the name */
async function idOfShared(client: ApiClient, given: string): Promise<string> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  const name = given.replace(/^\/+|\/+$/g, "");
  const found = new Set<string>();
  const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
  const roles = new Set<string>();
  for await (const page of pages) {
    for (const { node, permission } of page) {
      if (node.name !== name) continue;
      found.add(node.id);
      roles.add(permission.role);
    }
  }
  const [id] = found;
  if (id !== undefined && roles.size === 1 && roles.has("uploader")) {
    throw new HoldfastError(
      "forbidden",
      `You can only add files to ${name} and not see them, so it cannot be mounted.`,
    );
  }
  if (id === undefined) {
    throw new HoldfastError(
      "not_found",
      `Nobody shares ${name} with you. 'holdfast shared' lists what is shared with you.`,
    );
  }
  if (found.size === 1) return id;
  throw new HoldfastError(
    "conflict",
    `Several shares are named ${name}. Specify one by its ID (${[...found].join(", ")}): 'holdfast shared' lists them.`,
  );
}
