import Ellipsis from "lucide-react/icons/ellipsis";
import type { MenuItem } from "../design/menu.ts";
import { isNarrow } from "../design/narrow.ts";
import type { PlainKey } from "../messages/messages.ts";
import { messages } from "../messages/use-messages.ts";
import { type Chord, chordText, type Platform, platformOf } from "./chord.ts";
import { type Command, offered } from "./command.ts";

export const platform: Platform = platformOf(navigator.userAgent);

type Groups<Context> = readonly (readonly Command<Context>[])[];

export interface CommandMenu<Context> {
  readonly groups: Groups<Context>;
  /** Rare commands, in a submenu before the last group. */
  readonly more?: Groups<Context>;
}

export function commandMenu<Context>(
  { groups, more = [] }: CommandMenu<Context>,
  context: Context,
): readonly MenuItem[] {
  const { message } = messages();
  const rare = joined(more.map(itemsOf));
  const submenu = { label: message("design.more"), Icon: Ellipsis, items: rare };
  const all = groups.map(itemsOf);
  return joined([...all.slice(0, -1), [...(rare.length > 1 ? [submenu] : rare), ...(all.at(-1) ?? [])]]);

  function itemsOf(group: readonly Command<Context>[]): readonly MenuItem[] {
    return offered(group, context)
      .filter(({ isForKeys }) => isForKeys !== true || !isNarrow())
      .map((command) => itemOf(command, context));
  }

  function itemOf(command: Command<Context>, about: Context): MenuItem {
    const chord = command.keys?.[platform]?.[0];
    return {
      label: message(command.message),
      Icon: command.icon,
      ...(chord === undefined ? {} : { keys: shownChord(chord) }),
      danger: command.isDanger === true,
      run: () => void command.run(about),
    };
  }
}

function joined(groups: readonly (readonly MenuItem[])[]): readonly MenuItem[] {
  const shown = groups.filter((items) => items.length > 0);
  return shown.flatMap((items, place) => (place === 0 ? [items] : [line, items])).flat();
}

const line: readonly MenuItem[] = ["line"];

export function shownChord(chord: Chord): string {
  const { message } = messages();
  return chordText(chord, platform, (key) => {
    const word = keyWords[key];
    return word === undefined ? key : message(word);
  });
}

const keyWords: Readonly<Record<string, PlainKey>> = {
  Mod: "files.keyMod",
  Shift: "files.keyShift",
  Alt: "files.keyAlt",
  Delete: "files.keyDelete",
  Enter: "files.keyEnter",
  ArrowUp: "files.keyUp",
  ArrowDown: "files.keyDown",
  PageUp: "files.keyPageUp",
  PageDown: "files.keyPageDown",
  Home: "files.keyHome",
  End: "files.keyEnd",
  Escape: "files.keyEscape",
  " ": "files.keySpace",
};
