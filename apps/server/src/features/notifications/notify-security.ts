import type { UserId } from "@holdfast/core/ids";
import type { SecurityChange } from "../accounts/context/security-change.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { english } from "../mail/words/english.ts";
import { notify } from "./notify.ts";

/** Changes of sign-in methods other than the password, which are also notifications. */
const notified: ReadonlySet<SecurityChange> = new Set([
  "factor_on",
  "factor_codes",
  "factor_code_used",
  "factor_off",
  "factor_ended",
  "factor_guessed",
  "passkey_added",
  "passkey_removed",
  "passkey_copied",
]);

/** Reports a change that also causes a security mail. Apps that do not know `security` show the name. */
export async function notifySecurity(
  transaction: ShardQueries,
  userId: UserId,
  what: SecurityChange,
  atMicros: number,
): Promise<void> {
  if (!notified.has(what)) return;
  const detail = { security: what, name: english.security(what, "").title };
  await notify(transaction, { userId, kind: "device", actor: null, nodeId: null, atMicros, detail });
}
