import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { buttonLook } from "../design/button.tsx";
import { Notice } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { AccountMade, type Made } from "../features/sign-in/account-made.tsx";
import { ConfirmAddress, isWholeConfirmation } from "../features/sign-in/confirm-address.tsx";
import { CreateAccountForm, isSetup } from "../features/sign-in/create-account-form.tsx";
import { ForeignPage } from "../features/sign-in/foreign-page.tsx";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { ResetPassword } from "../features/sign-in/reset-password.tsx";
import { useFragmentToken } from "../features/sign-in/use-fragment-token.ts";
import { isWholeToken, useInvitation } from "../features/sign-in/use-invitation.ts";
import { useMessages } from "../messages/use-messages.ts";

/** Links that the server prints and mails: set-up, invitation, confirmation and password reset. */
export function SetupPlace() {
  const token = useFragmentToken();
  if (token === "") return <NoToken />;
  if (isWholeConfirmation(token)) return <ConfirmAddress token={token} />;
  if (token.startsWith("hfw_")) return <ResetPassword token={token} />;
  if (!isWholeToken(token)) return <CutLink />;
  return <CreateAccount token={token} />;
}

function CreateAccount({ token }: { readonly token: string }) {
  const { message, dateTime } = useMessages();
  const navigate = useNavigate();
  const asked = useInvitation(token);
  const [made, setMade] = useState<Made>();
  usePageTitle(message("setup.welcome"));
  if (asked.state === "asking") {
    return (
      <FrontPage title={message("setup.welcome")}>
        <p role="status" className="text-muted">
          {message("setup.asking")}
        </p>
      </FrontPage>
    );
  }
  if (made !== undefined) return <AccountMade {...made} />;
  if (asked.state === "foreign") {
    return <ForeignPage title={message("setup.welcome")} token={token} {...asked.foreign} />;
  }
  if (asked.state === "useless") {
    const next = message(isSetup(token) ? "setup.linkUsed" : "setup.inviteGone");
    return <BadLink title={message("setup.useless")} next={next} />;
  }
  const { facts } = asked;
  const shared = facts?.shared ?? [];
  const about = message(isSetup(token) ? "setup.adminAbout" : "setup.inviteAbout");
  const until = facts === undefined ? "" : ` ${message("setup.goodUntil", { time: dateTime(facts.expires_at) })}`;
  return (
    <FrontPage title={message("setup.welcome")} about={about + until}>
      {shared.length > 0 && (
        <ul className="flex flex-col gap-1 wrap-anywhere">
          {shared.map(({ name, by }, index) => (
            <li key={index}>{message("setup.shared", { by, name })}</li>
          ))}
        </ul>
      )}
      <CreateAccountForm
        token={token}
        email={facts?.email ?? undefined}
        onMade={setMade}
        onDone={() => void navigate({ to: "/files", replace: true })}
      />
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

/** Shown after a reload, because the token is removed from the address. */
function NoToken() {
  const { message } = useMessages();
  return <BadLink title={message("setup.linkAgain")} next={message("setup.linkAgainNext")} />;
}

function CutLink() {
  const { message } = useMessages();
  return <BadLink title={message("setup.linkCut")} next={message("setup.linkCutNext")} />;
}

function BadLink({ title, next }: { readonly title: string; readonly next: string }) {
  const { message } = useMessages();
  usePageTitle(title);
  return (
    <FrontPage title={message("setup.welcome")}>
      <Notice kind="warning" title={title} isNews>
        {next}
      </Notice>
      <Link to="/sign-in" className={buttonLook("secondary")}>
        {message("session.signIn")}
      </Link>
    </FrontPage>
  );
}
