import { HoldfastError } from "@holdfast/core/errors";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const mkdirCommand: CommandMaker = (context) => {
  const command = newCommand("mkdir", "Make folders", ["mkdir /photos", "mkdir -p /photos/2026/may"])
    .argument("<paths...>", "paths on the server")
    .option("-p, --parents", "make missing folders on the way, and take one that is there already");
  return runs<[string[]]>(context, command, async (run, paths, { parents }) => {
    const { client } = await run.connect();
    const items = [];
    for (const path of paths) items.push(await makeFolder(client, path, parents === true));
    await run.output.result({ items, next_cursor: null }, () => []);
  });
};

type Client = Awaited<ReturnType<Parameters<Parameters<typeof runs>[2]>[0]["connect"]>>["client"];

async function makeFolder(client: Client, path: string, parents: boolean) {
  const { findNode } = await import("../remote/look-up.ts");
  try {
    return await client.call("createNode", { body: { kind: "folder", path, parents } });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    if (thrown.code === "not_found") {
      throw new HoldfastError("not_found", `${path} has no parent folder on the server. With -p it is made too.`);
    }
    if (thrown.code !== "exists") throw thrown;
    const there = await findNode(client, path);
    if (parents && there?.kind === "folder") return there;
    throw new HoldfastError("exists", `${path} exists on the server already.`);
  }
}
