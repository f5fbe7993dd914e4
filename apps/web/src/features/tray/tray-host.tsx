import { toHoldfastError } from "@holdfast/core/errors";
import { Suspense, useEffect, useSyncExternalStore } from "react";
import { offerFileUploads } from "../../commands/upload-files.ts";
import { offerUploads } from "../../commands/uploads.ts";
import type { Drive } from "../../data/drive.ts";
import { rememberedPerson } from "../../data/remembered-person.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { showToast } from "../../design/toasts.ts";
import { preferences, watchPreferences } from "../../browser/preferences.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { messages, withWords } from "../../messages/use-messages.ts";
import { Uploads } from "../../upload/uploads.ts";
import { useProgressSaid } from "./use-progress-said.ts";

const loadTray = async () => (await withWords(import("./tray.tsx"))).Tray;
const Tray = lazyPart(loadTray);

let uploads: Uploads | undefined;

/** Lives as long as the page, because uploads continue across places. */
export function TrayHost() {
  const drive = useDrive();
  const own = (uploads ??= openUploads(drive));
  const view = useSyncExternalStore(own.subscribe, own.getView);
  useProgressSaid(view.snapshot);
  // The server may be away when it is needed.
  useEffect(() => void loadTray().catch(() => {}), []);
  return (
    <>
      {drive.viewer.kind === "account" && <OfSession uploads={own} />}
      {(view.snapshot.jobs.length > 0 || view.interrupted.length > 0) && (
        <Suspense fallback={null}>
          <Tray uploads={own} view={view} />
        </Suspense>
      )}
    </>
  );
}

function OfSession({ uploads: own }: { readonly uploads: Uploads }) {
  const session = useSession();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  useEffect(() => session.onEnd((_, where) => own.end(where === "replaced")), [own, session]);
  useEffect(() => {
    if (state === "signed_in") own.findInterrupted().catch(() => {});
  }, [own, state]);
  return null;
}

function openUploads({ viewer, tokens, client, account, reach }: Drive): Uploads {
  const keeping = viewer.kind === "account" ? "in_browser" : "in_memory";
  const person = () => rememberedPerson(account());
  const opened = new Uploads({ tokens, client, keeping, person, reportFailure });
  reach.subscribe(() => !reach.getSnapshot() && opened.wakeUp());
  const limit = () => {
    const { uploadLimit } = preferences();
    opened.setLimit(uploadLimit === undefined ? undefined : Number(uploadLimit) * 2 ** 20);
  };
  limit();
  watchPreferences(limit);
  offerUploads({
    drop: (dropped, folderId) => opened.drop(dropped, folderId),
    pick: (kind, folderId) => opened.pick(kind, folderId),
    unfinished: () => opened.unfinished,
  });
  offerFileUploads((wanted) => opened.uploadFiles(wanted));
  return opened;
}

function reportFailure(thrown: unknown): void {
  const words = messages();
  const isMissing = toHoldfastError(thrown).field === "script";
  showToast({ kind: "error", text: isMissing ? words.message("design.missing") : problemWords(thrown, words) });
}
