import type { GrantRow } from "../db/shard-tables.ts";

/** What holds an app password in its folder: what that may do was said with the password of the account, and is changed by nothing else. */
export function isOfApp({ kind, secret_hash: secret }: Pick<GrantRow, "kind" | "secret_hash">): boolean {
  return kind === "link" && secret === null;
}
