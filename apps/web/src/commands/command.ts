import type { Icon } from "../design/icon.ts";
import type { PlainKey } from "../messages/messages.ts";
import { type Chord, isPressed, type KeyPress, type Platform } from "./chord.ts";

/** User action, shared by menus, bars, keys and the palette. `Context` is its subject, read when the command runs. */
export interface Command<Context> {
  readonly id: string;
  readonly message: PlainKey;
  readonly icon: Icon;
  readonly keys?: Readonly<Partial<Record<Platform, readonly Chord[]>>>;
  /** Destructive; shown in the danger color. */
  readonly isDanger?: boolean;
  /** Left out of menus on a phone: of use with a keyboard, or repeated by another command. */
  readonly isForKeys?: boolean;
  /** If false, the command is not offered and its keys do nothing. */
  readonly when: (context: Context) => boolean;
  /** A reversible command pushes itself onto the undo stack. */
  readonly run: (context: Context) => void | Promise<void>;
}

export function offered<Context>(commands: readonly Command<Context>[], context: Context): readonly Command<Context>[] {
  return commands.filter((command) => command.when(context));
}

export function pressedCommand<Context>(
  commands: readonly Command<Context>[],
  press: KeyPress,
  platform: Platform,
  context: Context,
): Command<Context> | undefined {
  return commands.find(
    (command) =>
      (command.keys?.[platform] ?? []).some((chord) => isPressed(chord, press, platform)) && command.when(context),
  );
}
