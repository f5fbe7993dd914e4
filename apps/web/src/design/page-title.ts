import { useEffect } from "react";
import { serverName } from "../browser/server-name.ts";
import { announcer } from "./live-regions.tsx";

/** Sets the tab's title and announces it to screen readers. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title === undefined) return;
    document.title = `${title} – ${serverName}`;
    announcer.say(title, "title");
  }, [title]);
}
