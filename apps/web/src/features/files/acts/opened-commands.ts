import { type Command, offered } from "../../../commands/command.ts";
import type { CommandMenu } from "../../../commands/command-menu.ts";
import { fileCommands, placeCommands } from "./file-commands.ts";
import type { FilesContext } from "./files-context.ts";

const groups = [
  [fileCommands.share, fileCommands.copyLink, fileCommands.star, fileCommands.unstar],
  [fileCommands.rename, fileCommands.move],
  [fileCommands.trash],
] as const;
const more = [
  [fileCommands.copyTo, fileCommands.versions, fileCommands.showInFolder, fileCommands.copyAddress],
  [fileCommands.keepOffline, fileCommands.dropOffline],
] as const;

/** The preview has their keys, but no buttons. */
export const openedKeys = [placeCommands.undo, placeCommands.redo] as const;

/** Menu of a file that is shown in the preview, which adds its own commands to the groups. */
export function openedMenu(context: FilesContext): Required<CommandMenu<unknown>> {
  const bind = (all: readonly (readonly Command<FilesContext>[])[]) => all.map((group) => bound(group, context));
  return { groups: bind(groups), more: bind(more) };
}

/** Binds the offered commands to their context, which the preview does not know. */
export function bound<Context>(commands: readonly Command<Context>[], context: Context): readonly Command<unknown>[] {
  return offered(commands, context).map((command) =>
    Object.assign({}, command, { when: () => true, run: () => command.run(context) }),
  );
}
