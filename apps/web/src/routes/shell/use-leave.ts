import { useNavigate } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { useSession } from "../../data/use-session.ts";

/** Delay until after the first list. */
const fetchedAfterMs = 3000;

/**
 * Opens the sign-in page after a sign-out in any tab.
 * @param next address to open after the sign-in
 * @returns account whose pages may be shown, empty if it is unknown; undefined after the sign-out
 */
export function useLeave(next?: string): string | undefined {
  const session = useSession();
  const navigate = useNavigate();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const hasLeft = state === "signed_out" || state === "leaving";
  useEffect(() => {
    // Drops unsaved changes too.
    if (hasLeft)
      void navigate({ to: "/sign-in", search: next === undefined ? {} : { next }, replace: true, ignoreBlocker: true });
  }, [hasLeft, navigate, next]);
  const owner = useSyncExternalStore(session.subscribe, () => session.account);
  useEffect(() => {
    // Reports a sign-out while the server is unreachable, when it could not be loaded.
    const timer = setTimeout(() => void import("../sign-in.tsx").catch(() => {}), fetchedAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return hasLeft ? undefined : (owner ?? "");
}
