import Keyboard from "lucide-react/icons/keyboard";
import LogOut from "lucide-react/icons/log-out";
import Search from "lucide-react/icons/search";
import Settings from "lucide-react/icons/settings";
import ShieldCheck from "lucide-react/icons/shield-check";
import type { Command } from "../../commands/command.ts";
import { places } from "./places.ts";

export interface ShellContext {
  readonly isAdmin: boolean;
  readonly go: (to: (typeof places)[number]["to"] | "/settings" | "/admin") => void;
  readonly signOut: () => void;
  readonly showKeys: () => void;
  readonly search: () => void;
}

type ShellCommand = Command<ShellContext>;
const always = () => true;

export const shellCommands = {
  search: {
    id: "search",
    message: "shell.searchHint",
    icon: Search,
    keys: { pc: ["/", "Mod+K"], mac: ["/", "Mod+K"] },
    when: always,
    run: ({ search }) => search(),
  },
  keys: {
    id: "keys",
    message: "shell.keys",
    icon: Keyboard,
    keys: { pc: ["?"], mac: ["?"] },
    isForKeys: true,
    when: always,
    run: ({ showKeys }) => showKeys(),
  },
  settings: {
    id: "go-settings",
    message: "place.settings",
    icon: Settings,
    when: always,
    run: ({ go }) => go("/settings"),
  },
  admin: {
    id: "go-admin",
    message: "place.admin",
    icon: ShieldCheck,
    when: ({ isAdmin }) => isAdmin,
    run: ({ go }) => go("/admin"),
  },
  signOut: {
    id: "sign-out",
    message: "session.signOut",
    icon: LogOut,
    when: always,
    run: ({ signOut }) => signOut(),
  },
} as const satisfies Record<string, ShellCommand>;

const goCommands = places.map(({ to, name, Icon }): ShellCommand => ({
  id: `go-${to}`,
  message: name,
  icon: Icon,
  when: always,
  run: ({ go }) => go(to),
}));

export const allShellCommands: readonly ShellCommand[] = [...goCommands, ...Object.values(shellCommands)];

export const accountMenu: readonly (readonly ShellCommand[])[] = [
  [shellCommands.settings, shellCommands.admin],
  [shellCommands.keys],
  [shellCommands.signOut],
];
