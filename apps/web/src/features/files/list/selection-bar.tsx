import EllipsisVertical from "lucide-react/icons/ellipsis-vertical";
import X from "lucide-react/icons/x";
import { useEffect } from "react";
import { offered } from "../../../commands/command.ts";
import { commandMenu } from "../../../commands/command-menu.ts";
import { IconButton } from "../../../design/icon-button.tsx";
import { announcer } from "../../../design/live-regions.tsx";
import { MenuButton } from "../../../design/menu-button.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import { barCommands, fileMenu } from "../acts/file-commands.ts";
import type { FilesContext } from "../acts/files-context.ts";
import { sizeOf } from "../rows/totals.ts";

interface SelectionBarProps {
  readonly context: FilesContext;
  readonly onClear: () => void;
}

/** Content of the list's head during a selection. */
export function SelectionBar({ context, onClear }: SelectionBarProps) {
  const { message, size } = useMessages();
  const { count, rows } = context;
  const label = (count === 1 ? rows[0]?.name : undefined) ?? message("files.selected", { count });
  const sizeBytes = count === rows.length ? sizeOf(rows) : undefined;
  useEffect(() => {
    // Screen readers already say that the focused row is selected.
    if (count > 1) announcer.say(message("files.selected", { count }), "selection");
  }, [count, message]);
  return (
    <>
      <p className="flex min-w-0 flex-1 gap-1 whitespace-nowrap">
        <span className="truncate font-semibold">{message("files.selected", { count })}</span>
        {sizeBytes !== undefined && <span className="hidden text-muted @min-[30rem]:inline">· {size(sizeBytes)}</span>}
      </p>
      <div className="flex shrink-0">
        {offered(barCommands, context).map((command, place) => (
          <span key={command.id} className={widths[place] ?? "hidden @min-[40rem]:inline"}>
            <IconButton
              label={message(command.message)}
              Icon={command.icon}
              onClick={() => void command.run(context)}
            />
          </span>
        ))}
        <MenuButton label={label} items={() => commandMenu(fileMenu, context)}>
          <IconButton label={message("files.actions")} Icon={EllipsisVertical} />
        </MenuButton>
        <IconButton label={message("files.selectNone")} Icon={X} onClick={onClear} />
      </div>
    </>
  );
}

/** Width of the list from which the first, second and third command have a button. Details may be open beside it. */
const widths = ["", "hidden @min-[20rem]:inline", "hidden @min-[26rem]:inline"] as const;
