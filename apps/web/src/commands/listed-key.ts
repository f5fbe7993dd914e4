import type { PlainKey } from "../messages/messages.ts";
import type { Chord, Platform } from "./chord.ts";
import type { Command } from "./command.ts";

export interface ListedKey {
  readonly id: string;
  readonly message: PlainKey;
  readonly keys: Readonly<Record<Platform, readonly Chord[]>>;
}

export function keysOf<Context>(commands: readonly Command<Context>[], context: Context): readonly ListedKey[] {
  return commands.flatMap(({ id, message, keys, when }) =>
    keys === undefined || !when(context) ? [] : [{ id, message, keys: { pc: keys.pc ?? [], mac: keys.mac ?? [] } }],
  );
}
