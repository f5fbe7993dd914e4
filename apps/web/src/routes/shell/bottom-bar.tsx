import { Link } from "@tanstack/react-router";
import { useMessages } from "../../messages/use-messages.ts";
import { MainButtons } from "./main-buttons.tsx";
import { usePlaceDrop } from "./place-drop.ts";
import { places } from "./places.ts";

/** Navigation on phones, within reach of the thumb. */
export function BottomBar() {
  const { message } = useMessages();
  const dropOf = usePlaceDrop();
  return (
    <nav
      aria-label={message("shell.places")}
      className="flex shrink-0 items-center gap-1 border-t border-line bg-surface px-2 pt-1 pb-[max(0.25rem,env(safe-area-inset-bottom))] sm:hidden"
    >
      {places.map(({ to, name, Icon }) => (
        <Link
          key={to}
          to={to}
          draggable={false}
          {...dropOf(to)}
          aria-label={message(name)}
          activeProps={{ className: "bg-selected" }}
          className="flex h-12 flex-1 items-center justify-center rounded-md data-over:ring-2 data-over:ring-accent"
        >
          <Icon aria-hidden size={20} />
        </Link>
      ))}
      <MainButtons />
    </nav>
  );
}
