import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import { ofVersion, readVersion } from "./version-argument.ts";

export const labelCommand: CommandMaker = (context) => {
  const command = newCommand("label", "Label a version so that it is never deleted automatically", [
    'versions label /report.odt 3 "as sent to print"',
    "versions label /report.odt 3 --remove",
  ])
    .argument("<path>", "file on the server")
    .argument("<version>", "version from 'holdfast versions'")
    .argument("[label]", "text of the label")
    .option("--remove", "remove the label, so that the version can be deleted automatically");
  return runs<[string, string, string | undefined]>(context, command, async (run, path, version, label, { remove }) => {
    const { lookUpFile } = await import("../remote/look-up.ts");
    const number = readVersion(version, path);
    if ((label === undefined || label.trim() === "") !== (remove === true)) {
      throw usage(`${path}: specify a label for version ${version}, or --remove to remove its label.`);
    }
    const { client } = await run.connect();
    const { id } = await lookUpFile(client, path);
    const answer = client.call("labelVersion", { params: { id, number }, body: { label: label ?? null } });
    const labelled = await ofVersion(path, number, answer);
    await run.output.done(labelled, () => [
      labelled.label === undefined
        ? `version ${labelled.number} of ${path} has no label`
        : `version ${labelled.number} of ${path} is labeled: ${labelled.label}`,
    ]);
  });
};
