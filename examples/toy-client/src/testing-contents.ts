import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf } from "holdfast/acceptance/tree";
import type { Api } from "./api.ts";

/** Hashes of all contents in any version on the server, including trashed files, or in a local trash. */
export class Contents {
  readonly #api: Api;
  readonly #folders: readonly string[];
  readonly #hashes = new Set<string>();
  readonly #seen = new Set<string>();
  #token = "";

  constructor(api: Api, folders: readonly string[]) {
    this.#api = api;
    this.#folders = folders;
  }

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  async hear(): Promise<void> {
    if (this.#token === "") this.#token = (await this.#api.call("GET", "/changes/start_token")).token;
    const ids = new Set<string>();
    for (let more = true; more;) {
      const page = await this.#api.call("GET", "/changes/list", { query: { since_token: this.#token } });
      for (const { id, node } of page.changes) if (node === undefined || node.kind === "file") ids.add(id);
      [this.#token, more] = [page.next_token, page.has_more];
    }
    for (const id of ids) await this.#addVersions(id);
    for (const folder of this.#folders) this.#addTrash(join(folder, ".holdfast/trash"));
  }

  async #addVersions(id: string): Promise<void> {
    // Removed folders have no versions.
    const { items } = await this.#api.call("GET", `/files/${id}/versions`).catch(() => ({ items: [] }));
    for (const { version_id, content_id } of items) {
      if (this.#seen.has(content_id)) continue;
      this.#seen.add(content_id);
      const answer = await this.#api.send("GET", `/files/${id}/download`, { query: { version: version_id } });
      this.#hashes.add(hashOf(new Uint8Array(await answer.arrayBuffer())));
    }
  }

  #addTrash(folder: string): void {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || this.#seen.has(path)) continue;
      this.#seen.add(path);
      this.#hashes.add(hashOf(readFileSync(path)));
    }
  }
}
