import { type ErrorCode, isErrorCode } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import type { ClashChoice, Replaced } from "../store/job-store.ts";
import type { FileItem, Problem } from "./job.ts";
import { remedyFor } from "./remedies.ts";
import type { BatchResult } from "./upload-server.ts";

/** Next step after the server's answer to a put. */
export type Decision =
  | { readonly do: "done" }
  /** The name has the same content already. */
  | { readonly do: "equal" }
  /** Blocks are missing. */
  | { readonly do: "send" }
  /** Repeats with a new operation id. */
  | { readonly do: "again"; readonly replaces?: Replaced | undefined; readonly newNode?: boolean }
  | { readonly do: "skip" }
  | { readonly do: "ask"; readonly node: NodeJson | undefined }
  | ({ readonly do: "reread" } & Problem)
  | ({ readonly do: "hold" } & Problem)
  | ({ readonly do: "stop" } & Problem)
  | ({ readonly do: "list" } & Problem);

/** @param choice for this conflict or for all */
export function decide(
  item: Pick<FileItem, "ids" | "replaces">,
  contentId: string,
  result: BatchResult | undefined,
  choice: ClashChoice | undefined,
): Decision {
  if (result?.status === "committed") return { do: "done" };
  if (result?.status === "missing") return { do: "send" };
  const code = isErrorCode(result?.code) ? result.code : "failed";
  const problem = { code, message: result?.message ?? "The server returned no result for this item." };
  switch (remedyFor(code)) {
    case "clash":
      return decideClash(item, contentId, result?.node, choice);
    case "again":
      return code === "operation_reused" ? { do: "again" } : { do: "reread", ...problem };
    case "folder":
      return item.replaces === undefined ? { do: "hold", ...problem } : decideGone(code, problem);
    case "quota":
    case "sign_in":
      return { do: "stop", ...problem };
    default:
      return { do: "list", ...problem };
  }
}

function decideClash(
  { ids, replaces }: Pick<FileItem, "ids" | "replaces">,
  contentId: string,
  node: NodeJson | undefined,
  choice: ClashChoice | undefined,
): Decision {
  if (node?.kind === "file" && node.content_id === contentId && node.trashed_at === null) return { do: "equal" };
  // Created by an earlier attempt. The file has changed here since, or the node was trashed.
  if (node?.id === ids.nodeId) {
    return node.trashed_at === null ? { do: "again", replaces: replacedOf(node) } : { do: "again", newNode: true };
  }
  if (choice === "skip") return { do: "skip" };
  if (choice === "replace" && node?.kind === "file") return { do: "again", replaces: replacedOf(node) };
  if (choice === "keep" && replaces === undefined) return { do: "again" };
  return { do: "ask", node };
}

/** The node to replace is gone, or replacing is forbidden. */
function decideGone(code: ErrorCode, problem: Problem): Decision {
  return code === "forbidden" ? { do: "list", ...problem } : { do: "again" };
}

function replacedOf(node: NodeJson): Replaced | undefined {
  return node.version_id === null ? undefined : { fileId: node.id, versionId: node.version_id };
}
