import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { queryDatabase } from "@holdfast/server/acceptance/testing";
import type { Home } from "./home.ts";
import { hashOf, isRace, type Tree } from "./tree.ts";

export function liveHashes(tree: Tree): Set<string> {
  return new Set([...tree.values()].flatMap((it) => /^file ([0-9a-f]{64})/.exec(it)?.[1] ?? []));
}

/**
 * Contents of an account outside of its live files: all versions on the server, including trashed files, and the
 * `.holdfast` folder of each device.
 */
export class KeptContents {
  readonly #home: Home;
  readonly #versions = new Map<string, string>();

  constructor(home: Home) {
    this.#home = home;
  }

  async hashes(): Promise<Set<string>> {
    const hashes = new Set<string>();
    for (const device of this.#home.devices) hashFilesBelow(join(device.folder, ".holdfast"), hashes);
    for (const row of await queryDatabase(this.#home.dataFolder, versionsStatement)) {
      hashes.add(this.#versions.get(row.content) ?? (await this.#download(row)));
    }
    return hashes;
  }

  async #download({ node, number, content }: { node: string; number: string; content: string }): Promise<string> {
    const { api } = this.#home;
    const { status, body } = await api.call("GET", `/files/${node}/download?version=${number}`);
    if (status !== 200) throw new Error(`Version ${number} of ${node} was answered ${status}: ${JSON.stringify(body)}`);
    const hash = hashOf(body as Uint8Array);
    this.#versions.set(content, hash);
    return hash;
  }
}

const versionsStatement = `
  select distinct on (v.content_id) encode(v.content_id, 'hex') as content, v.number::text as number, n.id::text as node
  from shard.versions v join shard.nodes n on n.space_id = v.space_id and n.id = v.node_id
  where n.purged_at is null order by v.content_id, n.trashed_at nulls first`;

function hashFilesBelow(folder: string, hashes: Set<string>): void {
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) hashes.add(hashOf(readFileSync(join(entry.parentPath, entry.name))));
    }
  } catch (error) {
    if (!isRace(error)) throw error;
  }
}
