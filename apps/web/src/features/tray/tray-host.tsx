import { useEffect, useSyncExternalStore } from "react";
import { offerUploads } from "../../commands/uploads.ts";
import type { Drive } from "../../data/drive.ts";
import { rememberedPerson } from "../../data/remembered-person.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { preferences, watchPreferences } from "../../design/preferences.ts";
import { Uploads } from "../../upload/uploads.ts";
import { Tray } from "./tray.tsx";
import { useProgressSaid } from "./use-progress-said.ts";

let uploads: Uploads | undefined;

/** Lives as long as the page, because uploads continue across places. */
export function TrayHost() {
  const drive = useDrive();
  const own = (uploads ??= openUploads(drive));
  const view = useSyncExternalStore(own.subscribe, own.getView);
  useProgressSaid(view.snapshot);
  return (
    <>
      {drive.viewer.kind === "account" && <OfSession uploads={own} />}
      {(view.snapshot.jobs.length > 0 || view.interrupted.length > 0) && <Tray uploads={own} view={view} />}
    </>
  );
}

function OfSession({ uploads: own }: { readonly uploads: Uploads }) {
  const session = useSession();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  useEffect(() => session.onEnd(() => own.end()), [own, session]);
  useEffect(() => {
    if (state === "signed_in") own.findInterrupted().catch(() => {});
  }, [own, state]);
  return null;
}

function openUploads({ viewer, tokens, client, account, reach }: Drive): Uploads {
  const keeping = viewer.kind === "account" ? "in_browser" : "in_memory";
  const person = () => rememberedPerson(account());
  const opened = new Uploads({ tokens, client, keeping, person });
  reach.subscribe(() => !reach.getSnapshot() && opened.wakeUp());
  const limit = () => {
    const { uploadLimit } = preferences();
    opened.setLimit(uploadLimit === undefined ? undefined : Number(uploadLimit) * 2 ** 20);
  };
  limit();
  watchPreferences(limit);
  offerUploads({
    drop: (dropped, folderId) => opened.drop(dropped, folderId),
    pick: (kind, folderId) => void opened.pick(kind, folderId),
    unfinished: () => opened.unfinished,
  });
  return opened;
}
