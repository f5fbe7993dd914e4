import LayoutGrid from "lucide-react/icons/layout-grid";
import List from "lucide-react/icons/list";
import type { ReactNode } from "react";
import { offered } from "../../../commands/command.ts";
import { Button } from "../../../design/button.tsx";
import { IconButton } from "../../../design/icon-button.tsx";
import type { View } from "../../../browser/preferences.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { placeCommands } from "../acts/file-commands.ts";
import type { FilesContext } from "../acts/files-context.ts";

interface PlaceBarProps {
  readonly heading: ReactNode;
  readonly context: FilesContext;
  readonly view: View;
  readonly onView: (view: View) => void;
}

/** Path and view options. */
export function PlaceBar({ heading, context, view, onView }: PlaceBarProps) {
  const { message } = useMessages();
  const [Icon, next, label] =
    view === "list" ? ([LayoutGrid, "tiles", "files.viewTiles"] as const) : ([List, "list", "files.viewList"] as const);
  return (
    <div className="flex h-12 shrink-0 items-center gap-2 ps-3 pe-2 lg:ps-5 lg:pe-4">
      <div className="min-w-0 flex-1">{heading}</div>
      {offered([placeCommands.emptyTrash], context).map((command) => (
        <Button key={command.id} kind="quiet" Icon={command.icon} onClick={() => void command.run(context)}>
          {message(command.message)}
        </Button>
      ))}
      {offered([placeCommands.filter], context).map((command) => (
        <IconButton
          key={command.id}
          label={message(command.message)}
          Icon={command.icon}
          onClick={() => void command.run(context)}
        />
      ))}
      <IconButton label={message(label)} Icon={Icon} onClick={() => onView(next)} />
    </div>
  );
}
