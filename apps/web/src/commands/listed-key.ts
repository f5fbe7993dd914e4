import type { PlainKey } from "../messages/messages.ts";
import type { Chord, Platform } from "./chord.ts";
import type { Command } from "./command.ts";

/** One line of what keys do. */
export interface ListedKey {
  readonly id: string;
  readonly message: PlainKey;
  readonly keys: Readonly<Record<Platform, readonly Chord[]>>;
}

/** The keys of the commands that can be done in such a place. */
export function keysOf<Context>(commands: readonly Command<Context>[], context: Context): readonly ListedKey[] {
  return commands.flatMap(({ id, message, keys, when }) =>
    keys === undefined || !when(context) ? [] : [{ id, message, keys: { pc: keys.pc ?? [], mac: keys.mac ?? [] } }],
  );
}
