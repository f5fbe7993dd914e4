import { type Command, offered } from "../../../commands/command.ts";
import { fileCommands, placeCommands } from "./file-commands.ts";

/** Menu of a file that is shown in the preview. */
export const openedMenu = [
  [fileCommands.share, fileCommands.copyLink, fileCommands.star, fileCommands.unstar],
  [fileCommands.rename, fileCommands.move, fileCommands.copyTo],
  [fileCommands.versions, fileCommands.showInFolder, fileCommands.copyAddress],
  [fileCommands.keepOffline, fileCommands.dropOffline],
  [fileCommands.trash],
] as const;

/** The preview has their keys, but no buttons. */
export const openedKeys = [placeCommands.undo, placeCommands.redo] as const;

/** Binds the offered commands to their context, which the preview does not know. */
export function bound<Context>(commands: readonly Command<Context>[], context: Context): readonly Command<unknown>[] {
  return offered(commands, context).map((command) =>
    Object.assign({}, command, { when: () => true, run: () => command.run(context) }),
  );
}
