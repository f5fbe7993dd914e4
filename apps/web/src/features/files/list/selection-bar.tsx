import EllipsisVertical from "lucide-react/icons/ellipsis-vertical";
import X from "lucide-react/icons/x";
import { offered } from "../../../commands/command.ts";
import { commandMenu } from "../../../commands/command-menu.ts";
import { IconButton } from "../../../design/icon-button.tsx";
import { MenuButton } from "../../../design/menu-button.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import { barCommands, fileMenu } from "../acts/file-commands.ts";
import type { FilesContext } from "../acts/files-context.ts";

/** Replaces the toolbar during a selection. */
export function SelectionBar({ context, onClear }: { readonly context: FilesContext; readonly onClear: () => void }) {
  const { message } = useMessages();
  return (
    <div
      role="toolbar"
      aria-label={message("files.actions")}
      className="flex h-12 min-w-0 items-center gap-1 rounded-lg bg-selected ps-1 pe-1"
    >
      <IconButton label={message("files.selectNone")} Icon={X} onClick={onClear} />
      <p className="me-auto min-w-0 truncate font-semibold">{message("files.selected", { count: context.count })}</p>
      <div className="flex shrink-0">
        {offered(barCommands, context).map((command, place) => (
          <span key={command.id} className={place < 3 ? "" : "hidden sm:inline"}>
            <IconButton
              label={message(command.message)}
              Icon={command.icon}
              onClick={() => void command.run(context)}
            />
          </span>
        ))}
        <MenuButton label={message("files.actions")} items={() => commandMenu(fileMenu, context)}>
          <IconButton label={message("files.actions")} Icon={EllipsisVertical} />
        </MenuButton>
      </div>
    </div>
  );
}
