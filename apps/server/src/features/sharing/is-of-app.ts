import type { GrantRow } from "../../base/db/shard-tables.ts";

/**
 * True for a grant that confines an app password. The account's password confirmed the role, so nothing else may change
 * it.
 */
export function isOfApp({ kind, secret_hash: secret }: Pick<GrantRow, "kind" | "secret_hash">): boolean {
  return kind === "link" && secret === null;
}
