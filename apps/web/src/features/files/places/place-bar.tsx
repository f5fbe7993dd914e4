import LayoutGrid from "lucide-react/icons/layout-grid";
import List from "lucide-react/icons/list";
import { type ReactNode, Suspense, useSyncExternalStore } from "react";
import { offered } from "../../../commands/command.ts";
import { Button } from "../../../design/button.tsx";
import { IconButton } from "../../../design/icon-button.tsx";
import { lazyPart } from "../../../design/lazy-part.ts";
import type { View } from "../../../browser/preferences.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { currentDrag, watchDrag } from "../list/drag-gesture.ts";
import { placeCommands } from "../acts/file-commands.ts";
import type { FilesContext } from "../acts/files-context.ts";

const SelectionBar = lazyPart(async () => (await import("../list/selection-bar.tsx")).SelectionBar);

interface PlaceBarProps {
  readonly name: string;
  readonly heading: ReactNode;
  readonly context: FilesContext;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onClear: () => void;
}

/** Path and view options, or the actions of a selection. */
export function PlaceBar({ name, heading, context, view, onView, onClear }: PlaceBarProps) {
  const { message } = useMessages();
  const [Icon, next, label] =
    view === "list" ? ([LayoutGrid, "tiles", "files.viewTiles"] as const) : ([List, "list", "files.viewList"] as const);
  // The path is a drop target during a drag.
  const isDragging = useSyncExternalStore(watchDrag, () => currentDrag() !== null);
  const hasActions = context.count > 0 && !isDragging;
  return (
    <div className="shrink-0 px-2 lg:px-4">
      <div hidden={hasActions} className={hasActions ? "" : "flex h-12 items-center gap-2 ps-1"}>
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
      {hasActions ? (
        <>
          <h1 className="sr-only">{name}</h1>
          <Suspense fallback={<div className="h-12" />}>
            <SelectionBar context={context} onClear={onClear} />
          </Suspense>
        </>
      ) : null}
    </div>
  );
}
