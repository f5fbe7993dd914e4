import type { DiskStat } from "@holdfast/disk/disk";
import type { NodeJson } from "@holdfast/protocol/values";

export type GetStep =
  | { readonly do: "create" }
  /** Equal size: the content must be read to compare it. */
  | { readonly do: "compare" }
  | { readonly do: "replace" }
  | { readonly do: "keep" }
  | { readonly do: "refuse"; readonly message: string };

/** Pure. @param target target of an existing local link */
export function planGet(
  remote: Pick<NodeJson, "kind" | "size" | "target">,
  local: Pick<DiskStat, "kind" | "sizeBytes"> | undefined,
  target?: string,
): GetStep {
  if (local === undefined) return { do: "create" };
  if (remote.kind === "folder" || local.kind === "folder") {
    if (remote.kind === local.kind) return { do: "keep" };
    const link = local.kind === "symlink" ? " Files are never written through symbolic links." : "";
    return {
      do: "refuse",
      message: `is a ${local.kind} here and a ${remote.kind} on the server. Move it away.${link}`,
    };
  }
  if (local.kind === "other")
    return { do: "refuse", message: "is not a regular file here (a socket, pipe or device). Move it away." };
  if (remote.kind === "symlink")
    return local.kind === "symlink" && target === remote.target ? { do: "keep" } : { do: "replace" };
  return local.kind === "file" && local.sizeBytes === remote.size ? { do: "compare" } : { do: "replace" };
}

/** The old file's bits with the executable bit of the server. */
export function replacedMode(mode: number, executable: boolean): number {
  const plain = mode & ~0o111;
  return executable ? plain | ((plain & 0o444) >> 2) : plain;
}
