import { useParams } from "@tanstack/react-router";
import { usePageTitle } from "../design/page-title.ts";
import { Sections } from "../design/sections.tsx";
import { Offline } from "../features/offline/offline-settings.tsx";
import { Appearance } from "../features/settings/appearance.tsx";
import { Devices } from "../features/settings/devices.tsx";
import { Notifications } from "../features/settings/notifications.tsx";
import { Profile } from "../features/settings/profile.tsx";
import { Security } from "../features/settings/security.tsx";
import { Tokens } from "../features/settings/tokens.tsx";
import { useMessages } from "../messages/use-messages.ts";
import { NotFound } from "./not-found.tsx";

const pages = {
  profile: Profile,
  security: Security,
  devices: Devices,
  tokens: Tokens,
  notifications: Notifications,
  appearance: Appearance,
  offline: Offline,
} as const;
type Section = keyof typeof pages;
const ids = Object.keys(pages) as Section[];

export function SettingsPlace() {
  const { message } = useMessages();
  const { section = "profile" } = useParams({ strict: false });
  const current = ids.find((id) => id === section);
  usePageTitle(current === undefined ? undefined : message(`settings.${current}`));
  if (current === undefined) return <NotFound />;
  const Page = pages[current];
  return (
    <Sections
      title={message("place.settings")}
      to="/settings/{-$section}"
      sections={ids.map((id) => ({ id, name: message(`settings.${id}`) }))}
      current={current}
    >
      <Page />
    </Sections>
  );
}
