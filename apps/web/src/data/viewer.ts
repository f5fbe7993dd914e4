import type { ApiClient } from "@holdfast/api-client/api-client";
import { saveFrom, type Wanted } from "./signed-address.ts";

/** Kind of viewer, as far as it changes the screen. */
export interface Viewer {
  /** A link can neither share nor star, and sees no people. */
  readonly kind: "account" | "link";
  /** Each view of content counts as a download, so content is loaded only when the person saves it. */
  readonly isCounted: boolean;
  /** Address for a new tab. */
  readonly folderAddress: (id: string) => string;
  readonly fileAddress: (id: string) => string;
  /** Starts a browser download. @throws HoldfastError if saving is no longer allowed */
  readonly save: (client: ApiClient, wanted: Wanted) => Promise<void>;
}

export const accountViewer: Viewer = {
  kind: "account",
  isCounted: false,
  folderAddress: (id) => `/files/${id}`,
  fileAddress: (id) => `/f/${id}`,
  save: saveFrom,
};
