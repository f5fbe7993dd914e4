import { HoldfastError } from "@holdfast/core/errors";
import { type Drive, makeDrive } from "../data/drive.ts";
import { saveFrom } from "../data/signed-address.ts";
import { loneTab } from "../data/tabs.ts";
import type { Viewer } from "../data/viewer.ts";
import { wait } from "../browser/wait.ts";
import { messages } from "../messages/use-messages.ts";
import { type CurrentLink, currentLink } from "./current-link.ts";
import type { LinkSession } from "./link-session.ts";

/** Uploaders see no contents, so there is no poll for them. */
export function openLinkDrive(session: LinkSession, token: string, link: CurrentLink): Drive {
  const drive: Drive = makeDrive({
    viewer: link.downloads_left === null ? viewerOf(token) : countedViewerOf(token, () => drive),
    tokens: session,
    // Never uses the session of a signed-in account.
    session: { start: () => Promise.resolve("signed_in"), getSnapshot: () => "signed_in" },
    account: () => undefined,
    tabs: loneTab(),
    // Links reveal no people.
    whoChanged: () => Promise.resolve(undefined),
  });
  if (link.role !== "uploader") drive.live.start();
  return drive;
}

function viewerOf(token: string): Viewer {
  const address = (fields: Readonly<Record<string, string>>) => `/s/${token}?${new URLSearchParams(fields).toString()}`;
  return {
    kind: "link",
    isCounted: false,
    folderAddress: (id) => address({ in: id }),
    fileAddress: (id) => {
      const folder = new URLSearchParams(location.search).get("in");
      return address(folder === null ? { open: id } : { in: folder, open: id });
    },
    save: saveFrom,
  };
}

/** A browser download reports no error to the page, so the remaining number is checked before. */
function countedViewerOf(token: string, drive: () => Drive): Viewer {
  return {
    ...viewerOf(token),
    isCounted: true,
    save: async (client, wanted) => {
      const { queries } = drive();
      const { downloads_left: left } = await queries.query({ ...currentLink(client), staleTime: 0 });
      if (left === 0) throw new HoldfastError("failed", messages().message("link.usedUpShort"));
      await saveFrom(client, wanted);
      // The server counts when the download begins.
      void wait(countedAfterMs).then(() => queries.invalidateQueries({ queryKey: ["link"] }));
    },
  };
}

const countedAfterMs = 1000;
