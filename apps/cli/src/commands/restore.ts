import { shellWord } from "@holdfast/core/shell-word";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { ofVersion, readVersion } from "./version-argument.ts";

export const restoreCommand: CommandMaker = (context) => {
  const command = newCommand("restore", "Restore an old version of a file as the newest; no version is lost", [
    "restore /report.odt --version 3",
  ])
    .argument("<path>", "file on the server")
    .option("--version <version>", "version from 'holdfast versions'");
  return runs<[string]>(context, command, async (run, path, { version }) => {
    if (version === undefined) {
      throw usage(`Specify a version: --version N. 'holdfast versions ${shellWord(path)}' lists them.`);
    }
    const { lookUpFile } = await import("../remote/look-up.ts");
    const wanted = readVersion(String(version), path);
    const { client } = await run.connect();
    const newest = await lookUpFile(client, path);
    if (wanted === String(newest.version) || wanted.toLowerCase() === newest.version_id) {
      const line = `Version ${newest.version} of ${path} is already the newest: nothing was changed.`;
      return run.output.done(newest, () => [line]);
    }
    const answer = client.call("restoreVersion", { params: { id: newest.id }, query: { version: wanted } });
    const node = await ofVersion(path, wanted, answer);
    await run.output.done(node, () => [
      `${path} was restored from version ${wanted}. The restored content is now version ${node.version}.`,
    ]);
  });
};
