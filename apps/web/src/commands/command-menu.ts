import type { MenuItem } from "../design/menu.ts";
import type { PlainKey } from "../messages/messages.ts";
import { messages } from "../messages/use-messages.ts";
import { type Chord, chordText, type Platform, platformOf } from "./chord.ts";
import { type Command, offered } from "./command.ts";

export const platform: Platform = platformOf(navigator.userAgent);

export function commandMenu<Context>(
  groups: readonly (readonly Command<Context>[])[],
  context: Context,
): readonly MenuItem[] {
  const { message } = messages();
  return groups
    .map((group) => offered(group, context).map((command) => itemOf(command, context)))
    .filter((items) => items.length > 0)
    .reduce<MenuItem[]>((menu, items) => (menu.length === 0 ? items : menu.concat("line", items)), []);

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
