import type { NodeJson } from "@holdfast/protocol/values";
import { formatTable, formatTime, printable } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

interface LsOptions {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly sort?: string;
}

export const lsCommand: CommandMaker = (context) => {
  const command = newCommand("ls", "List a folder, or show a file", ["ls /", "ls -l -R /photos", "ls --json /photos"])
    .argument("[path]", "a path on the server", "/")
    .option("-l, --long", "kind, size, time and version too")
    .option("-R, --recursive", "everything below, with paths")
    .option("--sort <order>", "name, size, modified_at or created_at, with - before it for descending");
  return runs<[string]>(context, command, async (run, path, options: LsOptions) => {
    const { lookUp } = await import("../remote/look-up.ts");
    const { client } = await run.connect();
    const node = await lookUp(client, path);
    const lines = (items: readonly NodeJson[]) => listingLines(items, node, options);
    await run.output.listing(node.kind === "folder" ? pagesOf(client, node, options) : single(node), lines);
  });
};

type Client = Awaited<ReturnType<Parameters<Parameters<typeof runs>[2]>[0]["connect"]>>["client"];

async function* pagesOf(client: Client, node: NodeJson, { recursive, sort }: LsOptions): AsyncGenerator<NodeJson[]> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  yield* allPages((cursor) => {
    const query = { cursor, limit: pageItemsMax, recursive: recursive === true ? "true" : undefined, sort };
    return client.call("listFolder", { params: { id: node.id }, query });
  });
}

async function* single(node: NodeJson): AsyncGenerator<NodeJson[]> {
  yield await Promise.resolve([node]);
}

function listingLines(items: readonly NodeJson[], folder: NodeJson, { long, recursive }: LsOptions): string[] {
  const nameOf = (node: NodeJson): string => {
    const below = folder.path === "/" ? 1 : folder.path.length + 1;
    const name = recursive === true && node.id !== folder.id ? node.path.slice(below) : node.name;
    return printable(node.kind === "folder" ? `${name}/` : name);
  };
  if (long !== true) return items.map(nameOf);
  const rows = items.map((node) => [
    kindLetter(node),
    String(node.size),
    formatTime(node.modified_at),
    node.version === null ? "-" : `v${node.version}`,
    node.target === undefined ? nameOf(node) : `${nameOf(node)} -> ${printable(node.target)}`,
  ]);
  return formatTable(rows, [1]);
}

function kindLetter({ kind, executable }: NodeJson): string {
  if (kind === "file") return executable ? "-x" : "-";
  return kind === "symlink" ? "l" : "d";
}
