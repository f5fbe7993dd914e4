import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { useAccount } from "../../data/account.ts";
import { useSession } from "../../data/use-session.ts";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

const SignInForm = lazy(async () => ({
  default: (await import("../../features/sign-in/sign-in-form.tsx")).SignInForm,
}));

/** Once the first list is there. */
const fetchedAfterMs = 3000;

/**
 * Leads to the sign-in once somebody has signed out, here or in another tab, and to the files once another account has signed in. A session that has ended by itself asks for the
 * password over the page, and what waits goes on.
 */
export function SignedOut() {
  const { message } = useMessages();
  const session = useSession();
  const { data: account } = useAccount();
  const navigate = useNavigate();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  useEffect(() => {
    // Nothing of the account stays on the screen, not even what was not saved.
    if (state === "signed_out" || state === "leaving")
      void navigate({ to: "/sign-in", replace: true, ignoreBlocker: true });
  }, [state, navigate]);
  const owner = useSyncExternalStore(session.subscribe, () => session.account);
  const before = useRef(owner);
  useEffect(() => {
    // Another account signed in, here or in another tab: the place may still show what was written or found by the one before.
    if (before.current !== undefined && owner !== undefined && before.current !== owner)
      void navigate({ to: "/files", replace: true, ignoreBlocker: true });
    before.current = owner;
  }, [owner, navigate]);
  useEffect(() => {
    // Whoever signs out while the server is away is to see a page that says so, and could not load it then.
    const timer = setTimeout(() => void import("../sign-in.tsx").catch(() => {}), fetchedAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Dialog
      open={state === "expired"}
      title={message("session.expired")}
      about={message("session.expiredAbout")}
      size="small"
      // Only whoever signs in, or signs out, goes on.
      onClose={() => {}}
    >
      <Suspense fallback={null}>
        <SignInForm email={account?.email} onDone={() => {}} />
      </Suspense>
    </Dialog>
  );
}
