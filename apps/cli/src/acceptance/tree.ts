import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "@holdfast/server/acceptance/testing";
import { bounded } from "@holdfast/tools/bounded";

/** Values: type, hash, executable bit. */
export type Tree = ReadonlyMap<string, string>;

const ownFolder = ".holdfast";

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @returns undefined if something moved while it was read, so the device is not at rest */
export function diskTree(root: string): Tree | undefined {
  const tree = new Map<string, string>();
  try {
    readFolder(root, "", tree);
  } catch (error) {
    if (isRace(error)) return undefined;
    throw error;
  }
  return tree;
}

function readFolder(root: string, folder: string, tree: Map<string, string>): void {
  for (const name of readdirSync(join(root, folder))) {
    if (folder === "" && name === ownFolder) continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    tree.set(path, describe(join(root, path)));
    if (tree.get(path) === "folder") readFolder(root, path, tree);
  }
}

function describe(path: string): string {
  const stat = lstatSync(path, { bigint: true });
  if (stat.isDirectory()) return "folder";
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (!stat.isFile()) return "other";
  const bit = (stat.mode & 0o100n) === 0n ? "" : ", executable";
  return `file ${hashOnDisk(path, `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`)}${bit}`;
}

const hashes = new Map<string, string>();

function hashOnDisk(path: string, look: string): string {
  const known = hashes.get(look);
  if (known !== undefined) return known;
  const hash = hashOf(readFileSync(path));
  hashes.set(look, hash);
  return hash;
}

export function isRace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return ["ENOENT", "ENOTDIR", "EEXIST", "EISDIR", "ENOTEMPTY", "EINVAL", "ELOOP"].includes(code);
}

export class ServerTree {
  readonly #api: Api;
  readonly #hashes = new Map<string, string>();

  constructor(api: Api) {
    this.#api = api;
  }

  async read(): Promise<Tree> {
    const paths = new Map<string, string>();
    const tree = new Map<string, string>();
    for await (const node of this.#nodes()) {
      const above = paths.get(node.parent_id);
      const path = above === undefined ? node.name : `${above}/${node.name}`;
      paths.set(node.id, path);
      tree.set(path, await this.#describe(node));
    }
    return tree;
  }

  async *#nodes(): AsyncGenerator<NodeAnswer> {
    let cursor: string | null = null;
    const stillInTime = bounded("the last page");
    do {
      stillInTime();
      const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await this.#api.call("GET", `/folders/root/contents?recursive=true&limit=1000${more}`);
      if (status !== 200) throw new Error(`The tree was answered ${status}: ${JSON.stringify(body)}`);
      yield* body.items as NodeAnswer[];
      cursor = body.next_cursor;
    } while (cursor !== null);
  }

  async #describe({ id, kind, target, content_id, executable }: NodeAnswer): Promise<string> {
    if (kind === "folder") return "folder";
    if (kind === "symlink") return `link to ${target}`;
    let hash = this.#hashes.get(content_id);
    if (hash === undefined) {
      const { status, body, headers } = await this.#api.call("GET", `/files/${id}/download`);
      // The file has changed or gone. The caller compares again.
      if (status !== 200 || headers.get("etag")?.includes(content_id) !== true) return `file of ${content_id}`;
      hash = hashOf(body as Uint8Array);
      this.#hashes.set(content_id, hash);
    }
    return `file ${hash}${executable ? ", executable" : ""}`;
  }
}

interface NodeAnswer {
  readonly id: string;
  readonly parent_id: string;
  readonly name: string;
  readonly kind: "file" | "folder" | "symlink";
  readonly target?: string;
  readonly content_id: string;
  readonly executable: boolean;
}

export function differences(oneName: string, one: Tree, otherName: string, other: Tree): string[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => one.get(path) !== other.get(path))
    .toSorted()
    .map(
      (path) =>
        `${JSON.stringify(path)}: ${oneName} has ${one.get(path) ?? "nothing"}, ${otherName} ${other.get(path) ?? "nothing"}`,
    );
}
