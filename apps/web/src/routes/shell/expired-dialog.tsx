import { lazy, Suspense, useSyncExternalStore } from "react";
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
        <SignInForm email={account?.email} onDone={() => {}} />
      </Suspense>
    </Dialog>
  );
}
