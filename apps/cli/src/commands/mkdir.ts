import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const mkdirCommand: CommandMaker = (context) => {
  const command = newCommand("mkdir", "Create folders", ["mkdir /photos", "mkdir -p /photos/2026/may"])
    .argument("<paths...>", "paths on the server")
    .option("-p, --parents", "create missing parent folders, and accept folders that already exist");
  return runs<[string[]]>(context, command, async (run, given, { parents }) => {
    const [{ parseNewPath }, { inTurn }] = await Promise.all([
      import("../remote/remote-path.ts"),
      import("./in-turn.ts"),
    ]);
    const paths = given.map((path) => joinPath(splitPath(parseNewPath(path))));
    const { client } = await run.connect();
    const planned = new Set<string>();
    for (const path of paths) await checkPlace(client, path, parents === true, planned);
    const items = await inTurn(paths, String, (path) => makeFolder(client, path, parents === true));
    await run.output.result({ items, next_cursor: null }, () => []);
  });
};

/**
 * Called before any folder is created.
 * @param planned folders that this command creates; those for `path` are added
 */
async function checkPlace(client: ApiClient, path: string, parents: boolean, planned: Set<string>): Promise<void> {
  const { findNode, findShown } = await import("../remote/look-up.ts");
  const names = splitPath(path);
  const there = planned.has(path) ? "folder" : (await findShown(client, path))?.kind;
  if (there !== undefined && !(parents && there === "folder")) throw taken(path);
  const ways = names.map((_, depth) => joinPath(names.slice(0, depth))).toReversed();
  for (const way of there === undefined ? ways : []) {
    const node = planned.has(way) ? { kind: "folder" } : await findNode(client, way);
    if (node?.kind === "file" || node?.kind === "symlink")
      throw new HoldfastError("conflict", `${way} is a ${node.kind}, not a folder: ${path} cannot be created.`);
    if (node !== undefined) break;
    if (!parents)
      throw new HoldfastError(
        "not_found",
        `The parent folder of ${path} does not exist on the server. Use -p to create it too.`,
      );
  }
  for (const each of [path, ...ways]) planned.add(each);
}

async function makeFolder(client: ApiClient, path: string, parents: boolean): Promise<NodeJson> {
  const { findShown } = await import("../remote/look-up.ts");
  try {
    return await client.call("createNode", { body: { kind: "folder", path, parents } });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "exists") throw thrown;
    const there = await findShown(client, path);
    if (parents && there?.kind === "folder") return there;
    throw taken(path);
  }
}

function taken(path: string): HoldfastError {
  return new HoldfastError("exists", `${path} already exists on the server.`);
}
