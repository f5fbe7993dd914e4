import type { AccountDrive } from "../data/account-drive.ts";
import type { Reach } from "../data/reach.ts";
import { registerServiceWorker } from "../service-worker/register.ts";
import { withWords } from "../messages/use-messages.ts";
import type { lazyPlace } from "./lazy-place.ts";
import { router } from "./router.tsx";

const layers: readonly (() => Promise<unknown>)[] = [
  () => import("../design/menu-layer.tsx"),
  () => import("../design/dialog-layer.tsx"),
];

const parts: readonly (() => Promise<unknown>)[] = [
  () => withWords(import("../features/offline/offline-place.tsx")),
  () => import("../features/files/list/selection-bar.tsx"),
  () => import("../features/files/list/sort-button.tsx"),
  () => withWords(import("../features/files/list/list-totals.tsx")),
  () => withWords(import("../features/files/places/view-menu.tsx")),
  () => import("../features/files/list/drag-ghost.tsx"),
  () => import("../features/files/places/place-questions.tsx"),
  () => withWords(import("../features/files/acts/purge-dialog.tsx")),
  () => withWords(import("../features/files/acts/leave-dialog.tsx")),
  () => withWords(import("../features/files/move/move-dialog.tsx")),
  () => withWords(import("../features/files/list/filter-bar.tsx")),
  () => withWords(import("../features/files/acts/clash-dialog.tsx")),
  () => withWords(import("../features/edit/unsaved-dialog.tsx")),
  () => withWords(import("../features/notifications/notification-sheet.tsx")),
  () => withWords(import("../features/palette/palette.tsx")),
  () => withWords(import("../features/palette/keys-dialog.tsx")),
  () => withWords(import("../features/files/finding/found-list.tsx")),
  () => withWords(import("../features/preview/preview.tsx")),
  () => withWords(import("../features/preview/kept-view.tsx")),
  () => withWords(import("../features/details/details-panel.tsx")),
  () => import("../features/details/versions.tsx"),
  () => import("../features/details/activity.tsx"),
  () => import("../features/details/comments.tsx"),
  () => withWords(import("../features/share/sharing.tsx")),
];

/** Keeps the app for times without the server. Nobody visits places before the sign-in. */
export async function keepApp({ reach, session }: AccountDrive): Promise<void> {
  await until(session, () => session.getSnapshot() === "signed_in");
  await fetchAhead(reach);
  void withWords(import("./receive-reminder.ts"))
    .then(({ remindReceived }) => remindReceived(session.account))
    .catch(() => {});
  await until(reach, () => !reach.getSnapshot());
  if (import.meta.env.PROD) await registerServiceWorker();
}

/**
 * Loads the scripts of all places while the page is idle, so that they open without the server, also if there is no
 * service worker (plain http). Pauses while the server is away, because browsers remember a script that failed to load.
 */
async function fetchAhead(reach: Reach): Promise<void> {
  for (const load of [...layers, ...placesInShell(), ...parts]) {
    await idle();
    await until(reach, () => !reach.getSnapshot());
    await load().catch(() => {});
  }
}

function placesInShell(): (() => Promise<unknown>)[] {
  return Object.values(router.routesById).flatMap(({ id, options }) => {
    const { preload } = (options as { component?: Partial<ReturnType<typeof lazyPlace>> }).component ?? {};
    return id.startsWith("/shell/") && preload !== undefined ? [async () => preload()] : [];
  });
}

/** Not every browser reports idle times. */
function idle(): Promise<unknown> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(resolve, { timeout: 2000 });
    else setTimeout(resolve, 50);
  });
}

function until(state: { subscribe(listener: () => void): () => void }, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return;
      stop();
      resolve();
    };
    const stop = state.subscribe(look);
    look();
  });
}
