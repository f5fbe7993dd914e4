import { useEffect } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { announcer } from "./live-regions.tsx";

/** Sets the tab's title and announces it to screen readers. */
export function usePageTitle(title: string | undefined): void {
  const { message } = useMessages();
  const app = message("app.name");
  useEffect(() => {
    if (title === undefined) return;
    document.title = title === app ? app : `${title} – ${app}`;
    announcer.say(title, "title");
  }, [title, app]);
}
