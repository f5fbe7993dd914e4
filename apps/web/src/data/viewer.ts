import type { ApiClient } from "@holdfast/api-client/api-client";
import { saveFrom, type Wanted } from "./signed-address.ts";

export interface Viewer {
  /** A link neither shares nor stars, and sees no people. */
  readonly kind: "account" | "link";
  /** Each view counts as a download, so content is loaded only to save it. */
  readonly isCounted: boolean;
  readonly folderAddress: (id: string) => string;
  readonly fileAddress: (id: string) => string;
  /** @throws HoldfastError if saving is no longer allowed */
  readonly save: (client: ApiClient, wanted: Wanted) => Promise<void>;
}

export const accountViewer: Viewer = {
  kind: "account",
  isCounted: false,
  folderAddress: (id) => `/files/${id}`,
  fileAddress: (id) => `/f/${id}`,
  save: saveFrom,
};
