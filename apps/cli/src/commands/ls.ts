import type { NodeJson } from "@holdfast/protocol/values";
import { type Column, Listing } from "../output/listing.ts";
import { formatNumber } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";

interface LsOptions {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly sort?: string;
  readonly passwordStdin?: true;
}

const fields = ["name", "natural", "size", "modified_at", "created_at"];

/** @throws HoldfastError usage */
function assertOrder(text: string | undefined): void {
  if (text === undefined || fields.includes(text.replace(/^-/, ""))) return;
  throw usage(`${text} is not a sort order. Use ${fields.join(", ")}, with a - before it for descending order.`);
}

export const lsCommand: CommandMaker = (context) => {
  const command = newCommand("ls", "List a folder or show a file", [
    "ls /",
    "ls -l -R /photos",
    "ls --json /photos",
    "ls https://drive.example/s/hfl_…",
  ])
    .argument("[path]", "path on the server, ID from `shared`, link, or path in a link (LINK/photos)", "/")
    .option("-l, --long", "also show kind (d, l, m, - or -x; p is private), size, time and version")
    .option("-R, --recursive", "list subfolders too, with paths")
    .option("--sort <order>", `${fields.join(", ")}; a leading - sorts in descending order`)
    .option("--password-stdin", "read the link's password from the first line of standard input");
  return runs<[string]>(context, command, async (run, path, options: LsOptions) => {
    assertOrder(options.sort);
    const { lookUpIn } = await import("../remote/look-up-shared.ts");
    const link = await run.connectByLink(path, options.passwordStdin === true, true);
    const { client } = await run.connect();
    const node = await lookUpIn(client, link, path);
    const listing = new Listing(run.output, columns, emptyText);
    const lines = (items: readonly NodeJson[]) => listingLines(items, node, options, listing);
    const pages = node.kind === "folder" ? pagesOf(client, node, options) : single(node);
    // The server lists recursively in its own order.
    const isByPath = options.recursive === true && options.sort === undefined;
    await run.output.listing(isByPath ? sortedByPath(pages, run) : pages, lines);
  });
};

type Client = Awaited<ReturnType<Parameters<Parameters<typeof runs>[2]>[0]["connect"]>>["client"];

async function* pagesOf(client: Client, node: NodeJson, { recursive, sort }: LsOptions): AsyncGenerator<NodeJson[]> {
  if (recursive === true && sort === undefined) {
    const { listBelow } = await import("../remote/list-below.ts");
    yield* listBelow(client, node.id);
    return;
  }
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  yield* allPages((cursor) => {
    const query = { cursor, limit: pageItemsMax, recursive: recursive === true ? "true" : undefined, sort };
    return client.call("listFolder", { params: { id: node.id }, query });
  });
}

/** Above this number, items are listed in the order received, to limit memory. */
const sortedItemsMax = 200_000;

async function* sortedByPath(pages: AsyncIterable<NodeJson[]>, { output }: Run): AsyncGenerator<NodeJson[]> {
  let held: NodeJson[] | undefined = [];
  for await (const page of pages) {
    if (held === undefined) {
      yield page;
      continue;
    }
    for (const node of page) held.push(node);
    if (held.length <= sortedItemsMax) continue;
    output.note(
      `The folder contains more than ${formatNumber(sortedItemsMax)} files and folders, so they are not sorted.`,
    );
    yield held;
    held = undefined;
  }
  if (held === undefined) return;
  // Sorts each folder directly before its content.
  const keyed = held.map((node) => ({ node, key: node.path.replaceAll("/", "\0") }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  yield keyed.map(({ node }) => node);
}

async function* single(node: NodeJson): AsyncGenerator<NodeJson[]> {
  yield await Promise.resolve([node]);
}

const emptyText = "The folder is empty.";

const columns: readonly Column[] = [
  { title: "KIND", keeps: true },
  { title: "SIZE", right: true },
  { title: "MODIFIED" },
  { title: "VERSION", yields: true },
  { title: "NAME", overflows: true },
];

function listingLines(
  items: readonly NodeJson[],
  folder: NodeJson,
  { long, recursive }: LsOptions,
  listing: Listing,
): string[] {
  const nameOf = (node: NodeJson): string => {
    const name = recursive === true && node.id !== folder.id ? pathFrom(folder, node) : node.name;
    return node.kind === "folder" || node.kind === "mount" ? `${name}/` : name;
  };
  if (long !== true) return items.length === 0 ? [emptyText] : items.map(nameOf);
  const rows = items.map((node) => [
    kindLetters(node),
    listing.sizeOf(node),
    listing.time(node.modified_at),
    node.version === null ? "-" : `v${node.version}`,
    node.target === undefined || node.kind === "mount" ? nameOf(node) : `${nameOf(node)} -> ${node.target}`,
  ]);
  return listing.lines(rows);
}

/** An item that is also mounted elsewhere has its mount's full path. */
function pathFrom({ path: top }: NodeJson, { path }: NodeJson): string {
  const prefix = top === "/" ? top : `${top}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

/** Scripts count columns, so a private item has an additional letter. */
function kindLetters({ kind, executable, private: isPrivate }: NodeJson): string {
  const letters = { file: executable ? "-x" : "-", mount: "m", symlink: "l", folder: "d" }[kind];
  return isPrivate === true ? `${letters}p` : letters;
}
