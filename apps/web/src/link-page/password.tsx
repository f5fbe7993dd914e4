import { Dialog } from "../design/dialog.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { LinkPasswordForm } from "../features/sign-in/link-password-form.tsx";
import { useMessages } from "../messages/use-messages.ts";
import type { LinkSession } from "./link-session.ts";
import { ReportButton } from "./report.tsx";

interface PasswordProps {
  readonly session: LinkSession;
}

export function PasswordPage({ session, token }: PasswordProps & { readonly token: string }) {
  const { message } = useMessages();
  usePageTitle(message("link.passwordTitle"));
  return (
    <FrontPage title={message("link.passwordTitle")} about={message("link.passwordAbout")}>
      <LinkPasswordForm enter={(password) => session.enter(password)} />
      <div className="flex justify-center">
        <ReportButton token={token} hasWord />
      </div>
    </FrontPage>
  );
}

export function PasswordDialog({ session }: PasswordProps) {
  const { message } = useMessages();
  return (
    <Dialog
      open
      size="small"
      title={message("link.passwordAgain")}
      about={message("link.passwordAgainAbout")}
      onClose={() => {}}
    >
      <LinkPasswordForm enter={(password) => session.enter(password)} />
    </Dialog>
  );
}
