import { buttonLook } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { Foreign } from "./foreign-address.ts";
import { FrontPage } from "./front-page.tsx";

interface ForeignPageProps extends Foreign {
  readonly title: string;
  /** The link stays valid. */
  readonly token: string;
}

/** Explains that nothing was changed and names the address where the link works. */
export function ForeignPage({ title, token, publicUrl, withoutOrigin }: ForeignPageProps) {
  const { message } = useMessages();
  usePageTitle(title);
  return (
    <FrontPage title={title}>
      <Notice
        kind="warning"
        title={message(withoutOrigin === undefined ? "setup.foreignTitle" : "setup.foreignNothing")}
        isNews
      >
        {withoutOrigin ??
          `${message("session.foreign", { address: location.origin })} ${message("setup.foreignNothing")}`}
      </Notice>
      {publicUrl !== undefined && (
        <a href={`${publicUrl}${location.pathname}#${token}`} className={buttonLook("primary")}>
          {message("setup.foreignOpen", { address: publicUrl })}
        </a>
      )}
    </FrontPage>
  );
}
