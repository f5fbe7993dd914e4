import { Command } from "commander";
import { runs } from "./command.ts";
import { readVersion } from "./version-argument.ts";
import type { CommandMaker } from "./command.ts";

interface CatOptions {
  readonly version?: string;
  readonly passwordStdin?: true;
}

export const catCommand: CommandMaker = (context) => {
  const command = new Command("cat")
    .description("Print a file to standard output; each block is verified first")
    .argument("<path>", "file on the server, ID from `shared`, link, or path in a link (LINK/notes.txt)")
    .option("--version <version>", "version from 'holdfast versions', by number or ID; default is the newest")
    .option("--password-stdin", "read the link's password from the first line of standard input")
    .option("-q, --quiet", "hide notices")
    .addHelpText(
      "after",
      "\nExamples:\n  $ holdfast cat /notes.txt\n  $ holdfast cat /notes.txt --version 3\n  $ holdfast cat /photos.tar | tar x\n  $ holdfast cat https://drive.example/s/hfl_…/notes.txt",
    );
  return runs<[string]>(context, command, async (run, path, { version, passwordStdin }: CatOptions) => {
    const wanted = version === undefined ? undefined : readVersion(version, path);
    const { toStdout } = await import("../transfer/get/to-stdout.ts");
    const link = await run.connectByLink(path, passwordStdin === true, true);
    await toStdout(run, link, path, wanted);
  });
};
