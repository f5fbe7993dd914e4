import { HoldfastError } from "@holdfast/core/errors";
import { type Drive, makeDrive } from "../data/drive.ts";
import { saveFrom } from "../data/signed-address.ts";
import { loneTab } from "../data/tabs.ts";
import type { Viewer } from "../data/viewer.ts";
import { wait } from "../data/wait.ts";
import { messages } from "../messages/use-messages.ts";
import { type CurrentLink, currentLink } from "./current-link.ts";
import type { LinkSession } from "./link-session.ts";

/** What the app has of its server, for whoever has a link. Changes are heard of at once, but by who may only put something in. */
export function openLinkDrive(session: LinkSession, token: string, link: CurrentLink): Drive {
  const drive: Drive = makeDrive({
    viewer: link.downloads_left === null ? viewerOf(token) : countedViewerOf(token, () => drive),
    tokens: session,
    // Who is signed in is not asked.
    session: { start: () => Promise.resolve("signed_in"), getSnapshot: () => "signed_in" },
    account: () => undefined,
    tabs: loneTab(),
    // People are none of a link's business.
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
    // Over the folder that is open, which is where it lies.
    fileAddress: (id) => {
      const folder = new URLSearchParams(location.search).get("in");
      return address(folder === null ? { open: id } : { in: folder, open: id });
    },
    save: saveFrom,
  };
}

/** A browser that saves tells nobody why it could not: whether any download is left is asked before. */
function countedViewerOf(token: string, drive: () => Drive): Viewer {
  return {
    ...viewerOf(token),
    isCounted: true,
    save: async (client, wanted) => {
      const { queries } = drive();
      const { downloads_left: left } = await queries.query({ ...currentLink(client), staleTime: 0 });
      if (left === 0) throw new HoldfastError("failed", messages().message("link.usedUpShort"));
      await saveFrom(client, wanted);
      // It counts as it begins, which is after this.
      void wait(countedAfterMs).then(() => queries.invalidateQueries({ queryKey: ["link"] }));
    },
  };
}

const countedAfterMs = 1000;
