import Gauge from "lucide-react/icons/gauge";
import { useSyncExternalStore } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { MenuButton } from "../../design/menu-button.tsx";
import {
  changePreferences,
  preferences,
  type UploadLimit,
  uploadLimits,
  watchPreferences,
} from "../../browser/preferences.ts";
import { useMessages } from "../../messages/use-messages.ts";

export function LimitButton() {
  const { message, size } = useMessages();
  const limit = useSyncExternalStore(watchPreferences, () => preferences().uploadLimit);
  const words = (each: UploadLimit) => message("tray.rate", { size: size(Number(each) * 2 ** 20) });
  const label = limit === undefined ? message("tray.limit") : message("tray.limited", { rate: words(limit) });
  const choice = (each: UploadLimit | undefined) => ({
    label: each === undefined ? message("tray.unlimited") : words(each),
    checked: each === limit,
    run: () => changePreferences({ uploadLimit: each }),
  });
  return (
    <MenuButton label={label} items={() => [choice(undefined), "line", ...uploadLimits.map(choice)]}>
      <IconButton small label={label} Icon={Gauge} aria-pressed={limit !== undefined} />
    </MenuButton>
  );
}
