import { randomBytes } from "node:crypto";
import type { RouteName } from "@holdfast/protocol/routes";
import type { AccountWorld } from "../accounts/account-world.ts";
import { accountHandlers } from "../http/account-handlers.ts";
import { blockHandlers } from "../http/block-handlers.ts";
import { downloadHandlers } from "../http/download-handlers.ts";
import type { Handlers } from "../http/handler.ts";
import { operationHandlers, type OperationWorld } from "../http/operation-handlers.ts";
import { openSetupPage } from "../http/setup-page.ts";
import type { Storage } from "./open-storage.ts";

/** All handlers of the API, each area given what it needs. */
export function makeHandlers(world: AccountWorld, storage: Storage, operation: OperationWorld): Handlers {
  const { blocks, databases, pool } = storage;
  const { shards } = databases;
  const setup = openSetupPage();
  return {
    ...accountHandlers(world),
    ...downloadHandlers({ shards, blocks, boundary: () => randomBytes(16).toString("hex") }),
    ...blockHandlers(world, blocks, pool),
    ...operationHandlers(operation),
    setupPage: () => ({ status: 200, bytes: setup.html, headers: setup.headers }),
  };
}

/** Routes of the table that this server does not serve. */
export const unmountedRoutes: ReadonlySet<RouteName> = new Set<RouteName>([
  "lookUpPath",
  "createNode",
  "getNode",
  "updateNode",
  "deleteNode",
  "copyNode",
  "listFolder",
  "listVersions",
  "restoreVersion",
  "listTrash",
  "restoreFromTrash",
  "emptyTrash",
  "purgeFromTrash",
  "getStartToken",
  "listChanges",
  "queryNodes",
  "upload",
  "putUpload",
  "postUpload",
  "getUpload",
  "deleteUpload",
  "commitUpload",
  "syncFile",
  "syncDelta",
  "adminStartScrub",
  "adminGetScrub",
  "adminRebuildIndex",
]);
