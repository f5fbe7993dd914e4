import type { GrantRow } from "../db/shard-tables.ts";

/** True for the grant that limits an app password to its folder. Its role was confirmed with the account's password, so nothing else changes it. */
export function isOfApp({ kind, secret_hash: secret }: Pick<GrantRow, "kind" | "secret_hash">): boolean {
  return kind === "link" && secret === null;
}
