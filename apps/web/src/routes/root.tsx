import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { LiveRegions } from "../design/live-regions.tsx";
import { MenuHost } from "../design/menu-host.tsx";

const LaterHosts = lazy(async () => ({ default: (await import("./later-hosts.tsx")).LaterHosts }));

export function Root() {
  return (
    <>
      <Outlet />
      <Suspense fallback={null}>
        <LaterHosts />
      </Suspense>
      <MenuHost />
      <LiveRegions />
    </>
  );
}
