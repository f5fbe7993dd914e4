import type { NodeJson } from "@holdfast/protocol/values";
import { toMicros } from "../times.ts";

export interface LocalState {
  readonly kind: "file" | "folder" | "symlink";
  readonly sizeBytes: number;
  readonly mtimeMicros: number;
  readonly executable: boolean;
  /** Nobody but the owner has any permission. */
  readonly isPrivate?: boolean;
  readonly target?: string;
}

export type RemoteState = Pick<
  NodeJson,
  "id" | "kind" | "size" | "version_id" | "content_id" | "modified_at" | "executable" | "private" | "target"
> &
  Partial<Pick<NodeJson, "role">>;

export type PutStep =
  | { readonly do: "keep" }
  | { readonly do: "create" }
  /** Equal size: the content must be read to compare it. */
  | { readonly do: "compare"; readonly remote: RemoteState }
  | { readonly do: "update"; readonly remote: RemoteState }
  | { readonly do: "attributes"; readonly remote: RemoteState }
  /** The old link or file moves to the trash in the same commit. */
  | { readonly do: "exchange"; readonly remote: RemoteState }
  | { readonly do: "refuse"; readonly message: string };

/** Pure. Equality means equal content, never only equal size and time. */
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
 * A time is sent only with changed content or a changed executable bit, like in sync. Otherwise devices that touched
 * equal files would overwrite each other's times.
 * @param contentId from reading or the journal
 * @param withTimes also sends a changed time alone
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

/** Only making a remote file private is sent, never the opposite: a put does not know the last agreed state. */
function isClosed(local: Pick<LocalState, "isPrivate">, remote: Pick<RemoteState, "private">): boolean {
  return local.isPrivate === true && remote.private === false;
}
