import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { nodeRows } from "./node-rows.ts";

interface SearchOptions {
  readonly in?: string;
  readonly type?: "file" | "folder" | "image" | "audio" | "video" | "document";
}

export const searchCommand: CommandMaker = (context) => {
  const command = newCommand("search", "List what has all of these words in its name, what changed last first", [
    "search quarterly report",
    "search --in /photos --type image beach",
  ])
    .argument("<words...>", "case and accents do not count")
    .option("--in <path>", "only below this folder")
    .option("--type <type>", "file, folder, image, audio, video or document");
  return runs<[string[], SearchOptions]>(context, command, async (run, words, options) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const { lookUp } = await import("../remote/look-up.ts");
    const { client } = await run.connect();
    const within = options.in === undefined ? undefined : (await lookUp(client, options.in)).id;
    const query = { q: words.join(" "), type: options.type, in: within, limit: pageItemsMax };
    const pages = allPages((cursor) => client.call("search", { query: { ...query, cursor } }));
    await run.output.listing(pages, nodeRows(run.output));
  });
};
