import type { GrantRow } from "../../base/db/shard-tables.ts";

/**
 * @returns true for a grant that confines an app password. Its role was confirmed with the account's password, so it
 * cannot be changed otherwise.
 */
export function isOfApp({ kind, secret_hash: secret }: Pick<GrantRow, "kind" | "secret_hash">): boolean {
  return kind === "link" && secret === null;
}
