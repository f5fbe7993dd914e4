import { Link } from "@tanstack/react-router";
import { buttonLook } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";

export interface Made {
  readonly email: string;
  readonly reason: string;
}

/** The account exists but the sign-in failed. Prevents a second attempt to create it. */
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
