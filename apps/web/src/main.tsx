import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { Received } from "./browser/received-files.ts";
import type { AccountDrive } from "./data/account-drive.ts";
import { DriveContext } from "./data/use-drive.ts";
import { SessionContext } from "./data/use-session.ts";
import { hideToasts } from "./design/toasts.ts";
import { unfinishedUploads } from "./commands/uploads.ts";
import { askUnsaved } from "./features/edit/unsaved.ts";
import { dropDrafts, unsavedFiles } from "./features/edit/unsaved-files.ts";
import { setClipboard } from "./features/files/acts/clipboard.ts";
import { skipClashes } from "./features/files/acts/clashes.ts";
import { router } from "./routes/router.tsx";

/** Call after the messages have loaded. */
export function show(drive: AccountDrive): void {
  let received: Received | undefined;
  drive.session.onSignOut(async () => {
    received = await findReceived(drive.session.account);
    return askUnsaved({
      files: unsavedFiles(localStorage, drive.session.account),
      changeCount: (await drive.acts())?.getSnapshot() ?? 0,
      uploads: unfinishedUploads(),
      receivedCount: received?.ownCount ?? 0,
    });
  });
  drive.session.onEnd(async (signedOut, where) => {
    setClipboard(undefined);
    skipClashes();
    hideToasts();
    if (signedOut === undefined) return;
    dropDrafts(localStorage, signedOut);
    if (where === "here") await (await receivedFiles()).forgetReceived(signedOut, received?.ownIds ?? []);
  });
  const place = document.querySelector("#app");
  if (place === null) return;
  const keep = async (): Promise<void> => (await import("./routes/fetch-ahead.ts")).keepApp(drive);
  setTimeout(() => void keep().catch(() => {}), keptAfterMs);
  createRoot(place).render(
    <StrictMode>
      <DriveContext value={drive}>
        <SessionContext value={drive.session}>
          <QueryClientProvider client={drive.queries}>
            <RouterProvider router={router} context={{ drive }} />
          </QueryClientProvider>
        </SessionContext>
      </DriveContext>
    </StrictMode>,
  );
}

const receivedFiles = () => import("./browser/received-files.ts");

/** @returns undefined if the files cannot be counted; the sign-out then deletes none of them */
async function findReceived(account: string | undefined): Promise<Received | undefined> {
  try {
    return await (await receivedFiles()).waitingParcels(account);
  } catch {
    return undefined;
  }
}

/** Caching the app must not delay the first list. */
const keptAfterMs = 4000;
