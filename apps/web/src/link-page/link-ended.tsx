import { usePageTitle } from "../design/page-title.ts";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { useMessages } from "../messages/use-messages.ts";

/** Expired, removed, disabled or unknown link. The server does not distinguish them. */
export function LinkEnded() {
  const { message } = useMessages();
  usePageTitle(message("link.ended"));
  return <FrontPage title={message("link.ended")} about={message("link.endedAbout")} />;
}
