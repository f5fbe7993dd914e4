import type { ApiClient } from "@holdfast/api-client/api-client";
import { isOwnersQuota } from "@holdfast/sync/loop/reports/problems";
import { allPages, pageItemsMax } from "../remote/pages.ts";
import type { SyncReport } from "./report.ts";

type Problems = SyncReport["problems"];

/** Owners of shared folders without space, whom the person must ask. The engine does not know them. */
export class ShareOwners {
  readonly #read: () => Promise<ReadonlyMap<string, string>>;
  #known: ReadonlyMap<string, string> = new Map();
  /** One problem message of each shared folder. */
  readonly #asked = new Set<string>();

  /** @param read returns owners' addresses by path of the mount in the synced folder */
  constructor(read: () => Promise<ReadonlyMap<string, string>>) {
    this.#read = read;
  }

  /** Asks once for each shared folder. Without a response the owner stays unnamed. */
  async learn(problems: Problems): Promise<void> {
    const fresh = problems.filter((problem) => isOwners(problem) && !this.#asked.has(problem.message));
    if (fresh.length === 0) return;
    for (const { message } of fresh) this.#asked.add(message);
    this.#known = await this.#read().catch(() => this.#known);
  }

  named(problems: Problems): Problems {
    if (this.#known.size === 0) return problems;
    return problems.map((problem) => {
      const owner = isOwners(problem) ? this.#ownerOf(problem.path) : undefined;
      if (owner === undefined) return problem;
      const message = problem.message
        .replace("Ask the owner", `Ask ${owner}`)
        .replace(/ 'holdfast shared' [^.]*\.$/, "");
      return { ...problem, message };
    });
  }

  #ownerOf(path: string): string | undefined {
    return [...this.#known].find(([mount]) => path === mount || path.startsWith(`${mount}/`))?.[1];
  }
}

function isOwners(problem: Problems[number]): boolean {
  return problem.code === "quota" && isOwnersQuota(problem);
}

/** @param remote path of the synced folder on the server; "" is the whole drive */
export async function readShareOwners(client: ApiClient, remote: string): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
  for await (const page of pages)
    for (const { node, owner, mount_id: mountId } of page)
      if (mountId !== null && node.path.startsWith(`${remote}/`))
        owners.set(node.path.slice(remote.length + 1), owner.email);
  return owners;
}
