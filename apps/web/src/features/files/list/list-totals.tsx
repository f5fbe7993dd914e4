import { useMemo, useSyncExternalStore } from "react";
import { useMessages } from "../../../messages/use-messages.ts";
import type { RowSource } from "../rows/row-source.ts";
import { totalsOf, totalsWords } from "../rows/totals.ts";

/** Below the last row, once all rows have loaded. */
export function ListTotals({ source }: { readonly source: RowSource }) {
  const words = useMessages();
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);
  const totals = useMemo(() => totalsOf(source, snapshot), [source, snapshot]);
  if (totals === undefined || totals.folders + totals.files === 0) return null;
  return (
    <p className="truncate px-3 pt-3 text-sm text-muted">
      <bdi>{totalsWords(totals, words)}</bdi>
    </p>
  );
}
