import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useSession } from "../../data/use-session.ts";

/** Delay until after the first list. */
const fetchedAfterMs = 3000;

/** Opens the sign-in page after a sign-out in any tab, or the files after another account signs in. */
export function useLeave(): void {
  const session = useSession();
  const navigate = useNavigate();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  useEffect(() => {
    // Drops unsaved changes too.
    if (state === "signed_out" || state === "leaving")
      void navigate({ to: "/sign-in", replace: true, ignoreBlocker: true });
  }, [state, navigate]);
  const owner = useSyncExternalStore(session.subscribe, () => session.account);
  const before = useRef(owner);
  useEffect(() => {
    // The page may still show the earlier account's data.
    if (before.current !== undefined && owner !== undefined && before.current !== owner)
      void navigate({ to: "/files", replace: true, ignoreBlocker: true });
    before.current = owner;
  }, [owner, navigate]);
  useEffect(() => {
    // Reports a sign-out while the server is unreachable, when it could not be loaded.
    const timer = setTimeout(() => void import("../sign-in.tsx").catch(() => {}), fetchedAfterMs);
    return () => clearTimeout(timer);
  }, []);
}
