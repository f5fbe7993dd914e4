import { useSyncExternalStore } from "react";
import { makeAnnouncer } from "./announce.ts";

let texts: Readonly<Record<"polite" | "assertive", string>> = { polite: "", assertive: "" };
const listeners = new Set<() => void>();

export const announcer = makeAnnouncer((region, text) => {
  texts = { ...texts, [region]: text };
  for (const listener of listeners) listener();
});

/** Never removed, because screen readers ignore the first content of a new region. */
export function LiveRegions() {
  const { polite, assertive } = useSyncExternalStore(listen, () => texts);
  return (
    <>
      <div role="status" aria-live="polite" className="sr-only">
        {polite}
      </div>
      <div role="alert" aria-live="assertive" className="sr-only">
        {assertive}
      </div>
    </>
  );
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
