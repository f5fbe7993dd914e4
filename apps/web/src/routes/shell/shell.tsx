import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { useAccount } from "../../data/account.ts";
import { useSession } from "../../data/use-session.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";
import { Navigation } from "./navigation.tsx";
import { TopBar } from "./top-bar.tsx";
import { useLeave } from "./use-leave.ts";

// These load after the first list.
const BottomBar = lazyPart(
  async () => (await import("./bottom-bar.tsx")).BottomBar,
  () => {},
);
const ExpiredDialog = lazyPart(
  async () => (await import("./expired-dialog.tsx")).ExpiredDialog,
  () => {},
);
const ListDetails = lazyPart(async () => (await import("./details-dock.tsx")).ListDetails);
const OfflineBanner = lazyPart(async () => (await import("./offline-banner.tsx")).OfflineBanner);
const PreviewHost = lazyPart(async () => (await import("./preview-host.tsx")).PreviewHost);

const OfflinePlace = lazy(async () => ({
  default: (await withWords(import("../../features/offline/offline-place.tsx"))).OfflinePlace,
}));

const FactorBanner = lazyPart(async () => (await withWords(import("./factor-banner.tsx"))).FactorBanner);
const MustEnroll = lazy(async () => ({ default: (await withWords(import("./must-enroll.tsx"))).MustEnroll }));

/** Shows nothing of an account after its sign-out, also while the next page loads. */
export function Shell() {
  const owner = useLeave();
  return owner === undefined ? null : <ShellOf key={owner} />;
}

/** The place fills the rest of the screen, scrolls on its own and has its own heading. */
function ShellOf() {
  const { message } = useMessages();
  const dueAt = useAccount().data?.second_factor_due_at;
  // Stays until the person continues, because the recovery codes are shown only once.
  const [mustEnroll, setMustEnroll] = useState(false);
  if (!mustEnroll && dueAt !== undefined && Date.parse(dueAt) <= Date.now()) setMustEnroll(true);
  if (mustEnroll) {
    return (
      <Suspense fallback={null}>
        <MustEnroll />
      </Suspense>
    );
  }
  return (
    <div className="flex h-[calc(100dvh-var(--tray-height,0px))] bg-canvas px-safe pt-safe sm:h-dvh">
      <a
        href="#place"
        className="fixed start-4 top-2 z-50 -translate-y-16 rounded-md bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        {message("shell.skip")}
      </a>
      <Navigation />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar />
        <Suspense fallback={null}>
          <OfflineBanner />
        </Suspense>
        {dueAt !== undefined && (
          <Suspense fallback={null}>
            <FactorBanner dueAt={dueAt} />
          </Suspense>
        )}
        <div className="flex min-h-0 flex-1">
          <main id="place" tabIndex={-1} className="min-w-0 flex-1 overflow-auto outline-none">
            <Place />
          </main>
          <Suspense fallback={null}>
            <ListDetails />
          </Suspense>
        </div>
        <Suspense fallback={<div className="h-14 shrink-0 sm:hidden" />}>
          <BottomBar />
        </Suspense>
      </div>
      <Suspense fallback={null}>
        <PreviewHost />
      </Suspense>
      <Suspense fallback={null}>
        <ExpiredDialog />
      </Suspense>
    </div>
  );
}

/** Shows only offline files, and files from other apps, until the session is known. */
function Place() {
  const session = useSession();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const { pathname } = useLocation();
  if (state !== "starting" || /^\/(receive|settings\/offline)$/.test(pathname)) return <Outlet />;
  return (
    <Suspense fallback={null}>
      <OfflinePlace />
    </Suspense>
  );
}
