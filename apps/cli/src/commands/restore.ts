import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker } from "./command.ts";

const versionPattern = /^(\d{1,15}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

export const restoreCommand: CommandMaker = (context) => {
  const command = newCommand("restore", "Make an old version of a file the newest again; none is lost", [
    "restore /report.odt --version 3",
  ])
    .argument("<path>", "a file on the server")
    .requiredOption("--version <version>", "which one, as 'holdfast versions' lists it");
  return runs<[string]>(context, command, async (run, path, { version }) => {
    const { lookUpFile } = await import("../remote/look-up.ts");
    if (!versionPattern.test(String(version))) {
      throw usage(
        `${path}: ${version} is neither the number nor the id of a version. 'holdfast versions ${path}' lists them.`,
      );
    }
    const { client } = await run.connect();
    const { id } = await lookUpFile(client, path);
    const node = await client.call("restoreVersion", { params: { id }, query: { version: String(version) } });
    await run.output.result(node, () => [
      `${path} is at version ${node.version} again, with the content of ${version}.`,
    ]);
  });
};
