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
