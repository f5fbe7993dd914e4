import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { serverName } from "../../browser/server-name.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { MainButtons } from "./main-buttons.tsx";
import { usePlaceDrop } from "./place-drop.ts";
import { places } from "./places.ts";

const QuotaBar = lazyPart(async () => (await import("./quota-bar.tsx")).QuotaBar);

/** 240 px on large screens, a rail of icons on tablets. */
export function Navigation() {
  const { message } = useMessages();
  const dropOf = usePlaceDrop();
  return (
    <nav
      aria-label={message("shell.places")}
      className="hidden w-18 shrink-0 flex-col gap-4 border-e border-line bg-surface px-2 py-4 sm:flex lg:w-60 lg:px-4"
    >
      <Link
        to="/files"
        className="flex items-center justify-center gap-2.5 rounded-md text-lg font-semibold lg:justify-start lg:px-2"
      >
        <span aria-hidden className="mark size-8 shrink-0" />
        <span className="line-clamp-3 min-w-0 leading-tight wrap-anywhere max-lg:sr-only">
          <bdi>{serverName}</bdi>
        </span>
      </Link>
      <MainButtons />
      <ul className="flex flex-col gap-1">
        {places.map(({ to, name, Icon }) => (
          <li key={to}>
            <Link
              to={to}
              draggable={false}
              {...dropOf(to)}
              activeProps={{ className: "bg-selected font-semibold" }}
              inactiveProps={{ className: "hover:bg-hover" }}
              className="flex flex-col items-center gap-1 rounded-md px-1 py-2 text-sm data-over:ring-2 data-over:ring-accent lg:h-10 lg:flex-row lg:gap-3 lg:px-3 lg:text-base"
            >
              <Icon aria-hidden size={18} className="shrink-0" />
              <span className="max-w-full truncate">{message(name)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="mt-auto hidden px-3 lg:block">
        <Suspense fallback={null}>
          <QuotaBar />
        </Suspense>
      </div>
    </nav>
  );
}
