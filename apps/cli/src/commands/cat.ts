import { Command } from "commander";
import { runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const catCommand: CommandMaker = (context) => {
  const command = new Command("cat")
    .description("Write a file to standard output, each block verified before it is written")
    .argument("<path>", "a file on the server, or its id as `shared` lists it")
    .option("--quiet", "no remarks")
    .addHelpText("after", "\nExamples:\n  $ holdfast cat /notes.txt\n  $ holdfast cat /photos.tar | tar x");
  return runs<[string]>(context, command, async (run, path) => {
    const [{ lookUpShared }, { streamFile }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../transfer/get/stream-file.ts"),
    ]);
    const { client } = await run.connect();
    const node = await lookUpShared(client, path);
    await streamFile(client, node, (bytes) => run.output.bytes(bytes));
  });
};
