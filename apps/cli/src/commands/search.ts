import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import { nodeRows } from "./node-rows.ts";

interface SearchOptions {
  readonly in?: string;
  readonly type?: string;
}

const types = ["file", "folder", "image", "audio", "video", "document"] as const;

/** @throws HoldfastError usage */
function parseType(text: string | undefined): (typeof types)[number] | undefined {
  if (text === undefined) return undefined;
  const type = types.find((each) => each === text);
  if (type === undefined) throw usage(`${text} is not a type. Use one of ${types.join(", ")}.`);
  return type;
}

export const searchCommand: CommandMaker = (context) => {
  const command = newCommand("search", "Find files and folders by words in the name, best matches first", [
    "search quarterly report",
    "search --in /photos --type image beach",
  ])
    .argument("<words...>", "words to find; case and accents are ignored")
    .option("--in <path>", "search only in this folder")
    .option("--type <type>", types.join(", "));
  return runs<[string[], SearchOptions]>(context, command, async (run, words, options) => {
    const type = parseType(options.type);
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const { lookUp } = await import("../remote/look-up.ts");
    const { client } = await run.connect();
    const within = options.in === undefined ? undefined : (await lookUp(client, options.in)).id;
    const query = { q: words.join(" "), type, in: within, limit: pageItemsMax };
    const pages = allPages((cursor) => client.call("search", { query: { ...query, cursor } }));
    await run.output.listing(pages, nodeRows(run.output, "No files or folders match your search."));
  });
};
