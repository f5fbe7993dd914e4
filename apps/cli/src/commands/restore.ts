import { shellWord } from "@holdfast/core/shell-word";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { missing, newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import { ofVersion, readVersion } from "./version-argument.ts";

export const restoreCommand: CommandMaker = (context) => {
  const command = newCommand("restore", "Restore an old version of a file as the newest; no version is lost", [
    "restore /report.odt --version 3",
    "restore /report.odt --version 3 --dry-run",
  ])
    .argument("<path>", "file on the server")
    .option("--version <version>", "version from 'holdfast versions'")
    .option("--dry-run", "only show what would be restored");
  return runs<[string]>(context, command, async (run, path, { version, dryRun }) => {
    if (version === undefined) {
      missing(command, `Specify a version: --version N. 'holdfast versions ${shellWord(path)}' lists them.`);
    }
    const { lookUpFile } = await import("../remote/look-up.ts");
    const wanted = readVersion(String(version), path);
    const { client } = await run.connect();
    const newest = await lookUpFile(client, path);
    if (wanted === String(newest.version) || wanted.toLowerCase() === newest.version_id) {
      const line = `Version ${newest.version} of ${path} is already the newest: nothing was changed.`;
      return run.output.done(newest, () => [line]);
    }
    const { refusalAt } = await import("../transfer/put/may-put.ts");
    const refusal = refusalAt(newest, "restore versions");
    if (refusal !== undefined) throw refusal;
    if (dryRun === true) return preview(run, client, newest, wanted.toLowerCase());
    const answer = client.call("restoreVersion", { params: { id: newest.id }, query: { version: wanted } });
    const node = await ofVersion(path, wanted, answer);
    await run.output.done(node, () => [
      `${path} was restored from version ${wanted}. The restored content is now version ${node.version}.`,
    ]);
  });
};

async function preview(run: Run, client: ApiClient, newest: NodeJson, wanted: string): Promise<void> {
  const [{ atVersion }, { timeFor }, { formatBytes }] = await Promise.all([
    import("../remote/at-version.ts"),
    import("../output/listing.ts"),
    import("../output/text.ts"),
  ]);
  const old = await atVersion(client, newest, wanted);
  await run.output.result({ ...old, dry_run: true }, () => [
    `${newest.path} (${formatBytes(newest.size)}) would be restored from version ${old.version} of ${timeFor(run.output, old.modified_at)} (${formatBytes(old.size)}), as version ${Number(newest.version) + 1}.`,
    "This was a dry run: nothing was changed.",
  ]);
}
