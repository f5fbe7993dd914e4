import { accountKey, useAccount } from "../../data/account.ts";
import { useFresh } from "../../data/use-fresh.ts";
import { StorageBar } from "../../design/storage-bar.tsx";

export function QuotaBar() {
  const { data: account } = useAccount();
  useFresh(usage);
  if (account === undefined) return null;
  return (
    <div className="text-sm">
      <StorageBar used={account.used_bytes} quota={account.quota_bytes} />
    </div>
  );
}

const usage = { queryKey: accountKey, kinds: ["changes", "reread"], gatherMs: 2000 } as const;
