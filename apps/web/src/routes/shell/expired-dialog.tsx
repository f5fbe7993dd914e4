import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { useAccount } from "../../data/account.ts";
import { useSession } from "../../data/use-session.ts";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

const SignInForm = lazy(async () => ({
  default: (await import("../../features/sign-in/sign-in-form.tsx")).SignInForm,
}));

/** Asks for the password after the session has expired, so that waiting calls continue. */
export function ExpiredDialog() {
  const { message } = useMessages();
  const session = useSession();
  const { data: account } = useAccount();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const navigate = useNavigate();
  const [owner] = useState(session.account);
  const onDone = () => {
    // Another account has signed in, which may not see the page.
    if (session.account !== owner) void navigate({ to: "/files", replace: true, ignoreBlocker: true });
  };
  return (
    <Dialog
      open={state === "expired"}
      title={message("session.expired")}
      about={message("session.expiredAbout")}
      size="small"
      // Closes only by signing in or out.
      onClose={() => {}}
    >
      <Suspense fallback={null}>
        <SignInForm email={account?.email} onDone={onDone} />
      </Suspense>
    </Dialog>
  );
}
