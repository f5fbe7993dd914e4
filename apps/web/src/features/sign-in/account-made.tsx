import { Link } from "@tanstack/react-router";
import { buttonLook } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";

export interface Made {
  readonly email: string;
  /** Reason why the sign-in failed. */
  readonly reason: string;
}

/** Shown when the account was created but the sign-in failed, so that nobody creates it again. */
export function AccountMade({ email, reason }: Made) {
  const { message } = useMessages();
  usePageTitle(message("setup.made"));
  return (
    <FrontPage title={message("setup.made")} about={message("setup.madeAbout", { email })}>
      <Notice kind="warning" title={message("setup.madeNotIn")} isNews>
        {reason}
      </Notice>
      <Link to="/sign-in" className={buttonLook("primary")}>
        {message("session.signIn")}
      </Link>
    </FrontPage>
  );
}
