import type { ListedKey } from "../../../commands/listed-key.ts";

const both = (...keys: string[]) => ({ pc: keys, mac: keys });

export const listedListKeys: readonly ListedKey[] = [
  {
    id: "list-move",
    message: "keys.move",
    keys: both("ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"),
  },
  { id: "list-extend", message: "keys.extend", keys: both("Shift+ArrowUp", "Shift+ArrowDown") },
  {
    id: "list-focus",
    message: "keys.focus",
    keys: { pc: ["Mod+ArrowUp", "Mod+ArrowDown"], mac: ["Alt+ArrowUp", "Alt+ArrowDown"] },
  },
  { id: "list-toggle", message: "keys.toggle", keys: both(" ") },
  { id: "list-all", message: "files.selectAll", keys: both("Mod+A") },
  { id: "list-none", message: "files.selectNone", keys: both("Escape") },
  { id: "list-letter", message: "keys.letters", keys: both("A", "Z") },
];
