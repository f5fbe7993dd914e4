import type { RouteName } from "@holdfast/protocol/routes";

/** Routes for links: their node and its subtree. All others must reject links. */
export const linkRoutes: ReadonlySet<RouteName> = new Set<RouteName>([
  "readSignInWays",
  "lookUpPath",
  "createNode",
  "getNode",
  "updateNode",
  "deleteNode",
  "copyNode",
  "listFolder",
  "restoreVersion",
  "restoreFromTrash",
  "getStartToken",
  "listChanges",
  "getSnapshot",
  "pollChanges",
  "pollEvents",
  "queryNodes",
  "listVersions",
  "search",
  "upload",
  "putUpload",
  "postUpload",
  "getUpload",
  "deleteUpload",
  "commitUpload",
  "download",
  "createSignedUrls",
  "getManifest",
  "queryManifests",
  "syncFile",
  "syncDelta",
  "queryBlocks",
  "putBlocks",
  "discardBlocks",
  "putBlock",
  "fetchBlocks",
  "createBlockUploadUrl",
  "getCurrentLink",
]);

/** Routes for app passwords: those for links except `getCurrentLink`, and these. */
const beyondLinks: ReadonlySet<RouteName> = new Set(["getAccount", "getBlock", "listTrash", "listRecent", "getJob"]);

export function mayAppCall(name: RouteName): boolean {
  return (linkRoutes.has(name) && name !== "getCurrentLink") || beyondLinks.has(name);
}
