import { Link, useNavigate } from "@tanstack/react-router";
import { buttonLook } from "../design/button.tsx";
import { Notice } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { ConfirmAddress } from "../features/sign-in/confirm-address.tsx";
import { CreateAccountForm, isSetup } from "../features/sign-in/create-account-form.tsx";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { ResetPassword } from "../features/sign-in/reset-password.tsx";
import { useFragmentToken } from "../features/sign-in/use-fragment-token.ts";
import { useMessages } from "../messages/use-messages.ts";

/** Behind the links that the server prints and mails: the set-up, an invitation, an address to confirm, a new password. */
export function SetupPlace() {
  const token = useFragmentToken();
  if (token === "") return <CutLink />;
  if (token.startsWith("hfc_")) return <ConfirmAddress token={token} />;
  if (token.startsWith("hfw_")) return <ResetPassword token={token} />;
  return <CreateAccount token={token} />;
}

function CreateAccount({ token }: { readonly token: string }) {
  const { message } = useMessages();
  const navigate = useNavigate();
  usePageTitle(message("session.welcome"));
  return (
    <FrontPage
      title={message("session.welcome")}
      about={message(isSetup(token) ? "setup.adminAbout" : "setup.inviteAbout")}
    >
      <CreateAccountForm token={token} onDone={() => void navigate({ to: "/files", replace: true })} />
      {!isSetup(token) && (
        <p className="text-muted">
          {message("setup.haveAccount")}{" "}
          <Link to="/sign-in" className="text-accent underline">
            {message("session.signIn")}
          </Link>
        </p>
      )}
    </FrontPage>
  );
}

function CutLink() {
  const { message } = useMessages();
  usePageTitle(message("setup.linkCut"));
  return (
    <FrontPage title={message("session.welcome")}>
      <Notice kind="warning" title={message("setup.linkCut")} isNews>
        {message("setup.linkCutNext")}
      </Notice>
      <Link to="/sign-in" className={buttonLook("secondary")}>
        {message("session.signIn")}
      </Link>
    </FrontPage>
  );
}
