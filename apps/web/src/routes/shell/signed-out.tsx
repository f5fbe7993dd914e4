import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { useAccount } from "../../data/account.ts";
import { useSession } from "../../data/use-session.ts";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

const SignInForm = lazy(async () => ({
  default: (await import("../../features/sign-in/sign-in-form.tsx")).SignInForm,
}));

/** Delay, so that the first list loads first. */
const fetchedAfterMs = 3000;

/**
 * Opens the sign-in page after a sign-out in any tab, and the files after another account signs in. If the session
 * expired, asks for the password in a dialog, so that waiting calls continue.
 */
export function SignedOut() {
  const { message } = useMessages();
  const session = useSession();
  const { data: account } = useAccount();
  const navigate = useNavigate();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  useEffect(() => {
    // Ignores unsaved changes, because nothing of the account may stay on the screen.
    if (state === "signed_out" || state === "leaving")
      void navigate({ to: "/sign-in", replace: true, ignoreBlocker: true });
  }, [state, navigate]);
  const owner = useSyncExternalStore(session.subscribe, () => session.account);
  const before = useRef(owner);
  useEffect(() => {
    // Another account has signed in, in any tab. The page may still show data of the earlier one.
    if (before.current !== undefined && owner !== undefined && before.current !== owner)
      void navigate({ to: "/files", replace: true, ignoreBlocker: true });
    before.current = owner;
  }, [owner, navigate]);
  useEffect(() => {
    // Preloads the sign-in page, which reports a sign-out while the server is unreachable. It could not be loaded then.
    const timer = setTimeout(() => void import("../sign-in.tsx").catch(() => {}), fetchedAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Dialog
      open={state === "expired"}
      title={message("session.expired")}
      about={message("session.expiredAbout")}
      size="small"
      // Only signing in or out closes the dialog.
      onClose={() => {}}
    >
      <Suspense fallback={null}>
        <SignInForm email={account?.email} onDone={() => {}} />
      </Suspense>
    </Dialog>
  );
}
