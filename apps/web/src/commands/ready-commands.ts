import type { Command } from "./command.ts";
import type { ListedKey } from "./listed-key.ts";

export interface ReadyCommand extends Pick<Command<unknown>, "id" | "message" | "icon" | "keys"> {
  readonly run: () => void;
}

/** Commands that a part of the page offers, computed on each call. */
export interface CommandSource {
  readonly possible: () => readonly ReadyCommand[];
  /** All keys, independent of the selection, including keys without a command. */
  readonly keys: () => readonly ListedKey[];
}

const sources = new Set<CommandSource>();

/** @returns withdraws the offer */
export function offerCommands(source: CommandSource): () => void {
  sources.add(source);
  return () => void sources.delete(source);
}

/** If two commands have the same id, the later part's command wins. */
export function possibleCommands(): readonly ReadyCommand[] {
  const all = [...sources].flatMap((source) => source.possible());
  return [...new Map(all.map((command) => [command.id, command])).values()];
}

export function offeredKeys(): readonly ListedKey[] {
  return [...sources].flatMap((source) => source.keys());
}

export function ready<Context>(commands: readonly Command<Context>[], context: Context): readonly ReadyCommand[] {
  return commands.map(({ id, message, icon, keys, run }) => ({
    id,
    message,
    icon,
    ...(keys === undefined ? {} : { keys }),
    run: () => void run(context),
  }));
}
