import type { NodeJson } from "@holdfast/protocol/values";
import { printable } from "@holdfast/core/printable";
import { count, formatBytes, shortPath } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const treeCommand: CommandMaker = (context) => {
  const command = newCommand("tree", "Show a folder and everything in it as a tree", [
    "tree /photos",
    "tree https://drive.example/s/hfl_…",
  ])
    .argument("[path]", "path on the server, ID from `shared`, link, or path in a link (LINK/photos)", "/")
    .option("--password-stdin", "read the link's password from the first line of standard input");
  return runs<[string]>(context, command, async (run, path, { passwordStdin }: { passwordStdin?: true }) => {
    const [{ lookUpIn }, { listBelow }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../remote/list-below.ts"),
    ]);
    const link = await run.connectByLink(path, passwordStdin === true, true);
    const { client } = await run.connect();
    const root = await lookUpIn(client, link, path);
    const children = new Map<string, NodeJson[]>();
    const items: NodeJson[] = [];
    for await (const page of root.kind === "folder" ? listBelow(client, root.id) : []) {
      items.push(...page);
      for (const node of page) {
        const siblings = children.get(node.parent_id ?? "") ?? [];
        children.set(node.parent_id ?? "", siblings);
        siblings.push(node);
      }
    }
    await run.output.result({ ...root, items, next_cursor: null }, () => [
      root.path,
      ...treeLines(children, root.id, "").map((line) => shortBranch(line, run.output.columns ?? Infinity)),
      "",
      totalsOf(root.kind === "folder" ? items : [root]),
    ]);
  });
};

function totalsOf(items: readonly NodeJson[]): string {
  const files = items.filter(({ kind }) => kind === "file");
  const folders = items.filter(({ kind }) => kind === "folder" || kind === "mount");
  const links = items.length - files.length - folders.length;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${count(folders.length, "folder")}, ${count(files.length, "file")}${links === 0 ? "" : `, ${count(links, "link")}`}, ${formatBytes(bytes)}`;
}

/** Keeps the branches aligned on a narrow terminal. */
function shortBranch(line: string, columns: number): string {
  const [branches = ""] = /^(?:[ │] {3})*[├└]── /.exec(line) ?? [];
  return branches + shortPath(printable(line.slice(branches.length)), Math.max(columns - 1 - branches.length, 10));
}

function treeLines(
  children: ReadonlyMap<string, readonly Pick<NodeJson, "id" | "name" | "kind" | "target">[]>,
  parentId: string,
  indent: string,
): string[] {
  const nodes = (children.get(parentId) ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const lines: string[] = [];
  for (const [index, node] of nodes.entries()) {
    const last = index === nodes.length - 1;
    const isMount = node.kind === "mount";
    const target = node.target === undefined ? "" : ` -> ${node.target}`;
    lines.push(`${indent}${last ? "└── " : "├── "}${node.name}${node.kind === "folder" || isMount ? "/" : target}`);
    for (const line of treeLines(
      children,
      isMount ? (node.target ?? node.id) : node.id,
      `${indent}${last ? "    " : "│   "}`,
    ))
      lines.push(line);
  }
  return lines;
}
