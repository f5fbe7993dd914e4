import { usePageTitle } from "../design/page-title.ts";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { useMessages } from "../messages/use-messages.ts";

/** The server does not distinguish expired, removed, disabled and unknown links. */
export function LinkEnded() {
  const { message } = useMessages();
  usePageTitle(message("link.ended"));
  return <FrontPage title={message("link.ended")} about={message("link.endedAbout")} />;
}
