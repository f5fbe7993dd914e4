import { useSyncExternalStore } from "react";
import { makeListeners } from "../browser/listeners.ts";
import { makeAnnouncer } from "./announce.ts";

let texts: Readonly<Record<"polite" | "assertive", string>> = { polite: "", assertive: "" };
const listeners = makeListeners();

export const announcer = makeAnnouncer((region, text) => {
  texts = { ...texts, [region]: text };
  listeners.call();
});

/** Never removed, because screen readers ignore the first content of a new region. */
export function LiveRegions() {
  const { polite, assertive } = useSyncExternalStore(listeners.add, () => texts);
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
