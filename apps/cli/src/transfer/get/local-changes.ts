import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "../../remote/pages.ts";
import { type FetchedFiles, linkPrefix } from "./fetched-files.ts";
import { keptHere } from "../kept-here.ts";

export interface LocalChanges {
  /**
   * @param content its content id or link key
   * @throws HoldfastError conflict if the entry was changed here
   */
  assertUnchanged(path: string, node: NodeJson, content: string): Promise<void>;
  fetched(path: string, content: string, node: NodeJson): void;
  /** The content was fetched to the path, and the server has it, possibly in the trash. */
  isOnServer(path: string, content: string): Promise<boolean>;
  /** Files that change while `get` runs are replaced too. */
  readonly overwrites: boolean;
}

/** Content counts as unchanged if it was fetched to the path, or is any version of the file on the server. */
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

/** Newest first, because fetched content is usually recent. */
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
