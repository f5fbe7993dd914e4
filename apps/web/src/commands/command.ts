import type { Icon } from "../design/icon.ts";
import type { PlainKey } from "../messages/messages.ts";
import { type Chord, isPressed, type KeyPress, type Platform } from "./chord.ts";

/**
 * One act. Menus, bars, keys and the palette are made of these, so that none of them knows an act that the others do not.
 * `Context` is what the act is about, taken at the moment it is done.
 */
export interface Command<Context> {
  readonly id: string;
  readonly message: PlainKey;
  readonly icon: Icon;
  readonly keys?: Readonly<Partial<Record<Platform, readonly Chord[]>>>;
  /** Takes away, and is shown so. */
  readonly isDanger?: boolean;
  /** Whether it can be done now; where it cannot, it is not offered, and its keys do nothing. */
  readonly when: (context: Context) => boolean;
  /** What can be taken back puts itself on the stack of undo. */
  readonly run: (context: Context) => void | Promise<void>;
}

export function offered<Context>(commands: readonly Command<Context>[], context: Context): readonly Command<Context>[] {
  return commands.filter((command) => command.when(context));
}

/** The command whose keys were pressed and which can be done now. */
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
