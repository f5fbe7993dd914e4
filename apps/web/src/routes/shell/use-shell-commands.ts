import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { platform } from "../../commands/command-menu.ts";
import { offered, pressedCommand } from "../../commands/command.ts";
import { keysOf } from "../../commands/listed-key.ts";
import { offerCommands, ready } from "../../commands/ready-commands.ts";
import { useAccount } from "../../data/account.ts";
import { useSession } from "../../data/use-session.ts";
import { allShellCommands, type ShellContext } from "./shell-commands.ts";

/** Keys work outside of input fields, dialogs and menus. */
export function useShellCommands(showKeys: () => void): ShellContext {
  const { data: account } = useAccount();
  const session = useSession();
  const navigate = useNavigate();
  const isAdmin = account?.admin === true;
  const context = useMemo<ShellContext>(
    () => ({
      isAdmin,
      showKeys,
      go: (to) =>
        void (to === "/settings" || to === "/admin"
          ? navigate({ to: `${to}/{-$section}`, params: {} })
          : navigate({ to })),
      // A page of its own reports failures.
      signOut: () => void session.signOut().catch(() => {}),
      search: () => document.querySelector<HTMLInputElement>("input[name=q]")?.select(),
    }),
    [isAdmin, showKeys, navigate, session],
  );
  const latest = useRef(context);
  latest.current = context;
  useEffect(
    () =>
      offerCommands({
        possible: () => ready(offered(allShellCommands, latest.current), latest.current),
        keys: () => keysOf(allShellCommands, latest.current),
      }),
    [],
  );
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isElsewhere(event.target)) return;
      const command = pressedCommand(allShellCommands, event, platform, latest.current);
      if (command === undefined) return;
      event.preventDefault();
      void command.run(latest.current);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return context;
}

function isElsewhere(target: EventTarget | null): boolean {
  const writing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  return target instanceof Element && target.closest(`${writing}, [role=dialog], [role=menu]`) !== null;
}
