import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";

export const commentCommand: CommandMaker = (context) => {
  const command = newCommand("comment", "Comment on a file or folder", [
    "comment /report.odt 'The second table is from last year.'",
  ])
    .argument("<path>", "file or folder on the server")
    .argument("<text>", "text of the comment");
  return runs<[string, string]>(context, command, async (run, path, text) => {
    if (text.trim() === "") throw usage("The text is empty.");
    const { lookUpShared } = await import("../remote/look-up-shared.ts");
    const { client } = await run.connect();
    const { id } = await lookUpShared(client, path);
    const comment = await client.call("createComment", { params: { id }, body: { text } });
    await run.output.done(comment, () => [`commented on ${path}`]);
  });
};
