import { Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { lazyPart } from "../design/lazy-part.ts";
import { Notice } from "../design/notice.tsx";
import { MenuHost } from "../design/menu-host.tsx";
import { ToastHost } from "../design/toast-host.tsx";
import { TooltipHost } from "../design/tooltip-host.tsx";
import { useMessages, withWords } from "../messages/use-messages.ts";
import type { ListSearch } from "../routes/place-search.ts";
import { useSubject } from "../routes/shell/subject.ts";
import { useCurrentLink } from "./current-link.ts";
import { LinkBar } from "./link-bar.tsx";

const Preview = lazy(async () => ({
  default: (await withWords(import("../features/preview/preview.tsx"))).Preview,
}));
const OfflineBanner = lazyPart(async () => (await import("../routes/shell/offline-banner.tsx")).OfflineBanner);
const TrayHost = lazy(async () => ({ default: (await import("../features/tray/tray-host.tsx")).TrayHost }));

export function LinkFrame() {
  const { message } = useMessages();
  const { role, owner_name: name, downloads_left: left } = useCurrentLink();
  return (
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
      <LinkPreview />
      {role !== "viewer" && (
        <Suspense fallback={null}>
          <TrayHost />
        </Suspense>
      )}
      <ToastHost />
      <MenuHost />
      <TooltipHost />
    </div>
  );
}

/** The list keeps its position. Back closes the file. */
function LinkPreview() {
  const { open }: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const subject = useSubject();
  const { node, role } = useCurrentLink();
  if (open === undefined || role === "uploader" || node.kind === "file") return null;
  const go = (id: string | undefined) =>
    void navigate({ to: ".", search: (old: object) => ({ ...old, open: id }), replace: true } as never);
  return (
    <Suspense fallback={null}>
      <Preview
        id={open}
        version={undefined}
        previousId={subject?.neighbour(open, -1)}
        nextId={subject?.neighbour(open, 1)}
        onGo={go}
        onClose={() => go(undefined)}
      />
    </Suspense>
  );
}
