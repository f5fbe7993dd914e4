import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "../../remote/pages.ts";
import { type FetchedFiles, linkPrefix } from "./fetched-files.ts";
import { keptHere } from "../kept-here.ts";

/** Tells what a person changed here, which `get` keeps, from what can be fetched again. */
export interface LocalChanges {
  /** What stands at `path` may go. @param content what stands there @throws HoldfastError conflict for what was changed here */
  assertUnchanged(path: string, node: NodeJson, content: string): Promise<void>;
  /** The server and this side are the same there now. */
  fetched(path: string, content: string, node: NodeJson): void;
  /** Whether what was fetched to the path is what stands there, and the server has it still, in the trash perhaps. */
  isOnServer(path: string, content: string): Promise<boolean>;
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
      if (fetched.find(path)?.content === content) return;
      if (node.kind === "file" && (await isVersion(client, node.id, content))) return;
      throw keptHere();
    },
    ...recorded(client, fetched),
  };
}

/** For `--overwrite`. */
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

/** Newest first; so what was fetched a while ago is found soon. */
async function isVersion(client: ApiClient, id: string, contentId: string): Promise<boolean> {
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
  );
  try {
    for await (const page of pages) if (page.some(({ content_id }) => content_id === contentId)) return true;
    return false;
  } catch (thrown) {
    // Who may read the newest alone cannot tell, and keeps what is here.
    if (thrown instanceof HoldfastError && ["forbidden", "not_found", "invalid_field"].includes(thrown.code))
      return false;
    throw thrown;
  }
}
