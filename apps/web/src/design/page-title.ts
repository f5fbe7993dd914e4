import { useEffect } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { announcer } from "./live-regions.tsx";

/** Names the page in its tab, and tells it to whoever does not see that another one is shown. */
export function usePageTitle(title: string | undefined): void {
  const { message } = useMessages();
  const app = message("app.name");
  useEffect(() => {
    if (title === undefined) return;
    document.title = title === app ? app : `${title} – ${app}`;
    announcer.say(title, "title");
  }, [title, app]);
}
