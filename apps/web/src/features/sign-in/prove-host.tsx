import { Suspense, useSyncExternalStore } from "react";
import { wantedProof, watchProof } from "../../data/proof.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { messages, withWords } from "../../messages/use-messages.ts";

const ProveDialog = lazyPart(
  async () => (await withWords(import("./prove-dialog.tsx"))).ProveDialog,
  ({ wanted }) => wanted.cancel(messages().message("design.missing")),
);

export function ProveHost() {
  const wanted = useSyncExternalStore(watchProof, wantedProof);
  if (wanted === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ProveDialog wanted={wanted} />
    </Suspense>
  );
}
