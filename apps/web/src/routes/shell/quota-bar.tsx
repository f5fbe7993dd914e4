import { Suspense } from "react";
import { accountKey, useAccount } from "../../data/account.ts";
import { useFresh } from "../../data/use-fresh.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { StorageBar } from "../../design/storage-bar.tsx";
import { storageState } from "../../design/storage-state.ts";
import { withWords } from "../../messages/use-messages.ts";

const StoredWarning = lazyPart(async () => (await withWords(import("../../design/storage-warning.tsx"))).StoredWarning);

export function QuotaBar() {
  const { data: account } = useAccount();
  useFresh(usage);
  if (account === undefined) return null;
  return (
    <div className="text-sm">
      <StorageBar used={account.used_bytes} quota={account.quota_bytes} />
      {isAlmostStored(account) && (
        <Suspense fallback={null}>
          <StoredWarning />
        </Suspense>
      )}
    </div>
  );
}

type AccountJson = NonNullable<ReturnType<typeof useAccount>["data"]>;

/** The bar counts the newest versions only. A separate limit covers everything stored. */
function isAlmostStored({ stored_bytes, quota_bytes, limits }: AccountJson): boolean {
  if (quota_bytes === null) return false;
  return storageState(stored_bytes, quota_bytes * (limits["quota_stored_factor"] ?? Infinity)) !== "plenty";
}

const usage = { queryKey: accountKey, kinds: ["changes", "reread"], gatherMs: 2000 } as const;
