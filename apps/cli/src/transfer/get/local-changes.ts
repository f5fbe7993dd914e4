import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "../../remote/pages.ts";
import type { FetchedFiles } from "./fetched-files.ts";
import { keptHere } from "../kept-here.ts";

/** Tells what a person changed here, which `get` keeps, from what can be fetched again. */
export interface LocalChanges {
  /** What stands at `path` may go. @param content what stands there @throws HoldfastError conflict for what was changed here */
  assertUnchanged(path: string, node: NodeJson, content: string): Promise<void>;
  /** The server and this side are the same there now. */
  fetched(path: string, content: string): void;
  /** Whether that does not matter (`--overwrite`): then what is changed while `get` runs goes as well. */
  readonly overwrites: boolean;
}

/**
 * A file that has the content that was fetched to its path, or that of any version on the server, was changed by nobody. One that was
 * never fetched counts as changed unless the server has its content.
 */
export function knownLocalChanges(client: ApiClient, fetched: FetchedFiles): LocalChanges {
  return {
    overwrites: false,
    async assertUnchanged(path, node, content) {
      if (fetched.find(path) === content) return;
      if (node.kind === "file" && (await isVersion(client, node, content))) return;
      throw keptHere();
    },
    fetched: (path, content) => fetched.record(path, content),
  };
}

/** For `--overwrite`. */
export function overwrittenChanges(fetched: FetchedFiles): LocalChanges {
  return {
    overwrites: true,
    assertUnchanged: () => Promise.resolve(),
    fetched: (path, content) => fetched.record(path, content),
  };
}

/** Newest first; so what was fetched a while ago is found soon. */
async function isVersion(client: ApiClient, { id }: NodeJson, contentId: string): Promise<boolean> {
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
  );
  try {
    for await (const page of pages) if (page.some(({ content_id }) => content_id === contentId)) return true;
    return false;
  } catch (thrown) {
    // Who may read the newest alone cannot tell, and keeps what is here.
    if (thrown instanceof HoldfastError && ["forbidden", "not_found"].includes(thrown.code)) return false;
    throw thrown;
  }
}
