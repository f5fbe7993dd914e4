import { type ReactNode, Suspense } from "react";
import { offered } from "../../../commands/command.ts";
import { Button } from "../../../design/button.tsx";
import { IconButton } from "../../../design/icon-button.tsx";
import { lazyPart } from "../../../design/lazy-part.ts";
import type { View } from "../../../browser/preferences.ts";
import { useMessages, withWords } from "../../../messages/use-messages.ts";
import { placeCommands } from "../acts/file-commands.ts";
import type { FilesContext } from "../acts/files-context.ts";

const ViewMenu = lazyPart(async () => (await withWords(import("./view-menu.tsx"))).ViewMenu);

interface PlaceBarProps {
  readonly heading: ReactNode;
  readonly context: FilesContext;
  readonly view: View;
  readonly onView: (view: View) => void;
}

export function PlaceBar({ heading, context, view, onView }: PlaceBarProps) {
  const { message } = useMessages();
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
      <Suspense fallback={<div className="size-9 shrink-0 pointer-coarse:size-11" />}>
        <ViewMenu view={view} onView={onView} />
      </Suspense>
    </div>
  );
}
