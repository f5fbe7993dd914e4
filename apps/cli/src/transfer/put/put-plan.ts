import type { NodeJson } from "@holdfast/protocol/values";
import { toMicros } from "../times.ts";

/** What the planner needs to know of a name on this side. */
export interface LocalState {
  readonly kind: "file" | "folder" | "symlink";
  readonly sizeBytes: number;
  readonly mtimeMicros: number;
  readonly executable: boolean;
  /** True for a file or folder to which nobody but its owner has any right. */
  readonly isPrivate?: boolean;
  readonly target?: string;
}

/** And on the other. */
export type RemoteState = Pick<
  NodeJson,
  "id" | "kind" | "size" | "version_id" | "content_id" | "modified_at" | "executable" | "private" | "target"
> &
  Partial<Pick<NodeJson, "role">>;

export type PutStep =
  | { readonly do: "keep" }
  | { readonly do: "create" }
  /** Only reading it tells whether it is equal. */
  | { readonly do: "compare"; readonly remote: RemoteState }
  /** A file with another content: the next version of what was seen. */
  | { readonly do: "update"; readonly remote: RemoteState }
  | { readonly do: "attributes"; readonly remote: RemoteState }
  /** A link or a file in the place of the other: the old one goes to the trash with the same stroke. */
  | { readonly do: "exchange"; readonly remote: RemoteState }
  | { readonly do: "refuse"; readonly message: string };

/** What `put` does about one name. Pure; equal means equal content, never size and time alone. */
export function planPut(local: LocalState, remote: RemoteState | undefined): PutStep {
  if (remote === undefined) return { do: "create" };
  if (local.kind === "folder" || remote.kind === "folder" || remote.kind === "mount") {
    if (local.kind === "folder" && remote.kind === "folder")
      return isClosed(local, remote) ? { do: "attributes", remote } : { do: "keep" };
    const message = `is a ${local.kind} here and a ${remote.kind} on the server. Move one of them away.`;
    return { do: "refuse", message };
  }
  if (local.kind !== remote.kind) return { do: "exchange", remote };
  if (local.kind === "symlink") return local.target === remote.target ? { do: "keep" } : { do: "exchange", remote };
  return local.sizeBytes === remote.size ? { do: "compare", remote } : { do: "update", remote };
}

/**
 * The second half for a file that was read or found in the journal. The time goes with the content or the executable bit, as it does
 * for sync: devices that touched equal files would otherwise replace each other's time with every put.
 * @param withTimes sends a changed time by itself, too
 */
export function planCompared(
  local: Pick<LocalState, "mtimeMicros" | "executable" | "isPrivate">,
  contentId: string,
  remote: RemoteState,
  withTimes = false,
): PutStep {
  if (contentId !== remote.content_id) return { do: "update", remote };
  const sameTime = !withTimes || local.mtimeMicros === toMicros(remote.modified_at);
  const isSame = sameTime && local.executable === remote.executable && !isClosed(local, remote);
  return isSame ? { do: "keep" } : { do: "attributes", remote };
}

/** Who may read less is sent, and never who may read more: a put does not know what was agreed on before. */
function isClosed(local: Pick<LocalState, "isPrivate">, remote: Pick<RemoteState, "private">): boolean {
  return local.isPrivate === true && remote.private === false;
}
