import { Command } from "commander";
import { runs } from "./command.ts";
import { readVersion } from "./version-argument.ts";
import type { CommandMaker } from "./command.ts";

export const catCommand: CommandMaker = (context) => {
  const command = new Command("cat")
    .description("Print a file to standard output; each block is verified first")
    .argument("<path>", "file on the server, or ID from `shared`")
    .option("--version <version>", "version from 'holdfast versions', by number or ID; default is the newest")
    .option("-q, --quiet", "hide notices")
    .addHelpText(
      "after",
      "\nExamples:\n  $ holdfast cat /notes.txt\n  $ holdfast cat /notes.txt --version 3\n  $ holdfast cat /photos.tar | tar x",
    );
  return runs<[string]>(context, command, async (run, path, { version }: { version?: string }) => {
    const wanted = version === undefined ? undefined : readVersion(version, path);
    const [{ lookUpShared }, { streamFile }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../transfer/get/stream-file.ts"),
    ]);
    const { client } = await run.connect();
    const node = await lookUpShared(client, path);
    const { atVersion } = await import("../remote/at-version.ts");
    await streamFile(client, wanted === undefined ? node : await atVersion(client, node, wanted), (bytes) =>
      run.output.bytes(bytes),
    );
  });
};
