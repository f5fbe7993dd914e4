import type { NodeRow } from "../../base/db/shard-tables.ts";

export function modeOf({
  kind,
  executable,
  private: isPrivate = false,
}: Pick<NodeRow, "kind" | "executable"> & { readonly private?: boolean | undefined }): number {
  const usual = kind === "folder" || executable ? 0o755 : 0o644;
  return isPrivate ? usual & 0o700 : usual;
}
