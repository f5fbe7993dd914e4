import { inTransaction } from "../../base/db/database.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { QuotaWarning } from "../../tree/weight/quota-warning.ts";
import { notify } from "./notify.ts";

/** Notifies an account that approaches its quota, once for each threshold. */
export async function notifyQuota(
  { shards, clock }: { readonly shards: Shards; readonly clock: { nowMicros(): number } },
  { userId, percent, usedBytes, quotaBytes }: QuotaWarning,
): Promise<void> {
  const detail = { percent, used_bytes: usedBytes, quota_bytes: quotaBytes };
  const gather = { key: `quota ${percent}`, nodeId: null };
  await inTransaction(shards.ofId(userId).db, (transaction) =>
    notify(transaction, {
      userId,
      kind: "quota",
      actor: null,
      nodeId: null,
      atMicros: clock.nowMicros(),
      detail,
      gather,
    }),
  );
}
