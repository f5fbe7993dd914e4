import { Outlet, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { lazyPart } from "../design/lazy-part.ts";
import { Notice } from "../design/notice.tsx";
import { MenuHost } from "../design/menu-host.tsx";
import { ToastHost } from "../design/toast-host.tsx";
import { TooltipHost } from "../design/tooltip-host.tsx";
import { useMessages, withWords } from "../messages/use-messages.ts";
import type { ListSearch } from "../routes/place-search.ts";
import { useCurrentLink } from "./current-link.ts";
import { LinkBar } from "./link-bar.tsx";

const LinkPreview = lazyPart(async () => (await withWords(import("./link-preview.tsx"))).LinkPreview);
const OfflineBanner = lazyPart(async () => (await import("../routes/shell/offline-banner.tsx")).OfflineBanner);
const TrayHost = lazy(async () => ({ default: (await import("../features/tray/tray-host.tsx")).TrayHost }));

export function LinkFrame() {
  const { message } = useMessages();
  const { role, owner_name: name, downloads_left: left } = useCurrentLink();
  return (
    <>
      <div className="flex h-[calc(100dvh-var(--tray-height,0px))] flex-col bg-canvas sm:h-dvh">
        <LinkBar />
        <Suspense fallback={null}>
          <OfflineBanner />
        </Suspense>
        <main id="place" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
          {left === 0 && (
            <div className="px-4 pb-2 lg:px-6">
              <Notice kind="warning">{message("link.usedUp", { name })}</Notice>
            </div>
          )}
          <div className="min-h-0 flex-1 overflow-auto">
            <Outlet />
          </div>
        </main>
        <OpenedFile />
        {role !== "viewer" && (
          <Suspense fallback={null}>
            <TrayHost />
          </Suspense>
        )}
      </div>
      {/* Beside the page, which a preview hides from assistive technology. */}
      <ToastHost />
      <MenuHost />
      <TooltipHost />
    </>
  );
}

function OpenedFile() {
  const { open }: ListSearch = useSearch({ strict: false });
  const { node, role } = useCurrentLink();
  if (open === undefined || role === "uploader" || node.kind === "file") return null;
  return (
    <Suspense fallback={null}>
      <LinkPreview id={open} />
    </Suspense>
  );
}
