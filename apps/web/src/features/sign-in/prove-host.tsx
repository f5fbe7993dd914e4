import { lazy, Suspense, useSyncExternalStore } from "react";
import { wantedProof, watchProof } from "../../data/proof.ts";
import { withWords } from "../../messages/use-messages.ts";

const ProveDialog = lazy(async () => ({ default: (await withWords(import("./prove-dialog.tsx"))).ProveDialog }));

export function ProveHost() {
  const wanted = useSyncExternalStore(watchProof, wantedProof);
  if (wanted === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ProveDialog wanted={wanted} />
    </Suspense>
  );
}
