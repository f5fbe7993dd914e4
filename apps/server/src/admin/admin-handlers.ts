import { userHandlers } from "../http/account-handlers.ts";
import type { AdminStorage } from "./open-admin-storage.ts";

/** The routes that can be done without a server. */
export function adminHandlers(storage: AdminStorage) {
  return userHandlers(storage);
}
