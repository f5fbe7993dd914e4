import type { ApiClient } from "@holdfast/api-client/api-client";
import { saveFrom, type Wanted } from "./signed-address.ts";

/** Who looks, as far as it changes what is shown: an account, or whoever has a link. */
export interface Viewer {
  /** A link shares and stars nothing, and is told nothing of people. */
  readonly kind: "account" | "link";
  /** Each look at content would be a download that counts: nothing of it is loaded that nobody asked to save. */
  readonly isCounted: boolean;
  /** Of a tab of its own. */
  readonly folderAddress: (id: string) => string;
  readonly fileAddress: (id: string) => string;
  /** Has the browser save it. @throws HoldfastError where it may not be saved any more */
  readonly save: (client: ApiClient, wanted: Wanted) => Promise<void>;
}

export const accountViewer: Viewer = {
  kind: "account",
  isCounted: false,
  folderAddress: (id) => `/files/${id}`,
  fileAddress: (id) => `/f/${id}`,
  save: saveFrom,
};
