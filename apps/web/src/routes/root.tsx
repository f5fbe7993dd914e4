import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { LiveRegions } from "../design/live-regions.tsx";
import { MenuHost } from "../design/menu-host.tsx";
import { ToastHost } from "../design/toast-host.tsx";
import { TooltipHost } from "../design/tooltip-host.tsx";

/** Nothing of it is needed before the first list. */
const TrayHost = lazy(async () => ({ default: (await import("../features/tray/tray-host.tsx")).TrayHost }));

/** Around every place. */
export function Root() {
  return (
    <>
      <Outlet />
      <Suspense fallback={null}>
        <TrayHost />
      </Suspense>
      <ToastHost />
      <MenuHost />
      <TooltipHost />
      <LiveRegions />
    </>
  );
}
