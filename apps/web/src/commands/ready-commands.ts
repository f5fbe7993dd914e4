import type { Command } from "./command.ts";
import type { ListedKey } from "./listed-key.ts";

/** A command with what it is about. */
export interface ReadyCommand extends Pick<Command<unknown>, "id" | "message" | "icon" | "keys"> {
  readonly run: () => void;
}

/** What a part of the page can do: asked at the moment when somebody wants to know. */
export interface CommandSource {
  /** Those that can be done now. */
  readonly possible: () => readonly ReadyCommand[];
  /** All that have keys here, whatever is selected now, and keys that are no command's. */
  readonly keys: () => readonly ListedKey[];
}

const sources = new Set<CommandSource>();

/** @returns takes it back */
export function offerCommands(source: CommandSource): () => void {
  sources.add(source);
  return () => void sources.delete(source);
}

/** Of all parts of the page that are shown; of two with one id the later part's. */
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
