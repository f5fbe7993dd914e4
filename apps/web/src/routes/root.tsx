import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { lazyPart } from "../design/lazy-part.ts";
import { LiveRegions } from "../design/live-regions.tsx";
import { MenuHost } from "../design/menu-host.tsx";

const LaterHosts = lazyPart(async () => (await import("./later-hosts.tsx")).LaterHosts);

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
