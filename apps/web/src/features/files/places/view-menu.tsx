import LayoutGrid from "lucide-react/icons/layout-grid";
import List from "lucide-react/icons/list";
import { changePreferences, preferences, type View } from "../../../browser/preferences.ts";
import { IconButton } from "../../../design/icon-button.tsx";
import type { MenuItem } from "../../../design/menu.ts";
import { MenuButton } from "../../../design/menu-button.tsx";
import { messages, useMessages } from "../../../messages/use-messages.ts";
import { mayBeCompact } from "../list/use-layout.ts";

interface ViewMenuProps {
  readonly view: View;
  readonly onView: (view: View) => void;
}

export function ViewMenu({ view, onView }: ViewMenuProps) {
  const { message } = useMessages();
  const label = message(view === "list" ? "view.list" : "view.tiles");
  return (
    <MenuButton label={message("view.title")} items={() => itemsOf(view, onView)}>
      <IconButton label={label} Icon={view === "list" ? List : LayoutGrid} />
    </MenuButton>
  );
}

function itemsOf(view: View, onView: ViewMenuProps["onView"]): readonly MenuItem[] {
  const { message } = messages();
  const { density } = preferences();
  const views: readonly MenuItem[] = [
    { label: message("view.list"), checked: view === "list", run: () => onView("list") },
    { label: message("view.tiles"), checked: view === "tiles", run: () => onView("tiles") },
  ];
  if (view !== "list" || !mayBeCompact()) return views;
  return [
    ...views,
    "line",
    {
      label: message("view.comfortable"),
      checked: density === undefined,
      run: () => changePreferences({ density: undefined }),
    },
    {
      label: message("view.compact"),
      checked: density === "compact",
      run: () => changePreferences({ density: "compact" }),
    },
  ];
}
