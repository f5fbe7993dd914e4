import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "../../remote/pages.ts";
import { type FetchedFiles, linkPrefix } from "./fetched-files.ts";
import { keptHere } from "../kept-here.ts";

/** Distinguishes local changes, which `get` keeps, from content that can be fetched again. */
export interface LocalChanges {
  /**
   * Checks that the entry at `path` may be replaced.
   * @param content its content id or link key
   * @throws HoldfastError conflict if it was changed here
   */
  assertUnchanged(path: string, node: NodeJson, content: string): Promise<void>;
  fetched(path: string, content: string, node: NodeJson): void;
  /** True if the content at the path was fetched and the server still has it, possibly in the trash. */
  isOnServer(path: string, content: string): Promise<boolean>;
  /** True with `--overwrite`: files that change while `get` runs are replaced too. */
  readonly overwrites: boolean;
}

/** A file counts as unchanged if its content was fetched to its path, or is any version of the file on the server. */
export function knownLocalChanges(client: ApiClient, fetched: FetchedFiles): LocalChanges {
  return {
    overwrites: false,
    async assertUnchanged(path, node, content) {
      if (fetched.find(path)?.content === content) return;
      if (node.kind === "file" && (await isVersion(client, node.id, content))) return;
      throw keptHere();
    },
    ...recorded(client, fetched),
  };
}

export function overwrittenChanges(client: ApiClient, fetched: FetchedFiles): LocalChanges {
  return {
    overwrites: true,
    assertUnchanged: () => Promise.resolve(),
    ...recorded(client, fetched),
  };
}

function recorded(client: ApiClient, fetched: FetchedFiles): Pick<LocalChanges, "fetched" | "isOnServer"> {
  return {
    fetched: (path, content, { id }) => fetched.record(path, { content, nodeId: id }),
    isOnServer: async (path, content) => {
      const known = fetched.find(path);
      if (known?.content !== content) return false;
      return content.startsWith(linkPrefix) || isVersion(client, known.nodeId, content);
    },
  };
}

/** Searches from the newest version, because fetched content is usually recent. */
async function isVersion(client: ApiClient, id: string, contentId: string): Promise<boolean> {
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
  );
  try {
    for await (const page of pages) if (page.some(({ content_id }) => content_id === contentId)) return true;
    return false;
  } catch (thrown) {
    // A caller who may read only the newest version cannot check the others. The local file is kept.
    if (thrown instanceof HoldfastError && ["forbidden", "not_found", "invalid_field"].includes(thrown.code))
      return false;
    throw thrown;
  }
}
