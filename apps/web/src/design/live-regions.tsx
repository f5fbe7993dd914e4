import { useSyncExternalStore } from "react";
import { makeAnnouncer } from "./announce.ts";

let texts: Readonly<Record<"polite" | "assertive", string>> = { polite: "", assertive: "" };
const listeners = new Set<() => void>();

/** Tells whoever does not see the page what happened on it. */
export const announcer = makeAnnouncer((region, text) => {
  texts = { ...texts, [region]: text };
  for (const listener of listeners) listener();
});

/** Stands once, outside of all that comes and goes: a region that is new says nothing. */
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
