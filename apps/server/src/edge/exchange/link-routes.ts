import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";

/**
 * All routes for links: those that read the link's node and its descendants, and, depending on the role, change them.
 * New routes are rejected by default.
 */
export const routesForLinks: ReadonlySet<Route> = new Set<Route>([
  routes.getCurrentLink,

  routes.lookUpPath,
  routes.getNode,
  routes.listFolder,
  routes.search,
  routes.queryNodes,
  routes.listVersions,
  routes.download,
  routes.createSignedUrls,
  routes.getManifest,
  routes.queryManifests,
  routes.fetchBlocks,
  routes.getStartToken,
  routes.listChanges,
  routes.getSnapshot,
  routes.pollChanges,
  routes.pollEvents,

  routes.createNode,
  routes.updateNode,
  routes.deleteNode,
  routes.copyNode,
  routes.restoreVersion,
  routes.restoreFromTrash,
  routes.upload,
  routes.putUpload,
  routes.postUpload,
  routes.getUpload,
  routes.deleteUpload,
  routes.commitUpload,
  routes.syncFile,
  routes.syncDelta,
  routes.queryBlocks,
  routes.putBlocks,
  routes.discardBlocks,
  routes.putBlock,
  routes.createBlockUploadUrl,
]);
