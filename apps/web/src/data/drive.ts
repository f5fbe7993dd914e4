import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient, ApiClientOptions } from "@holdfast/api-client/api-client";
import { QueryClient } from "@tanstack/query-core";
import type { MessageKey } from "../messages/en.ts";
import { openClient } from "./client.ts";
import { Folders } from "./folders.ts";
import { KeptDoor } from "./kept.ts";
import { Live } from "./live.ts";
import { Overlay } from "./overlay.ts";
import { Reach, type ReachParts } from "./reach.ts";
import type { Tabs } from "./tabs.ts";
import { UndoStack } from "./undo.ts";
import type { Viewer } from "./viewer.ts";
import { wait } from "./wait.ts";

/** A page's access to its server, created once. */
export interface Drive {
  readonly viewer: Viewer;
  readonly tokens: AccessTokens;
  readonly client: ApiClient;
  /** Signed-in account, or the last known one while offline. Undefined on a link page. */
  readonly account: () => string | undefined;
  readonly live: Live;
  readonly reach: Reach;
  /** Offline files. */
  readonly kept: KeptDoor;
  readonly overlay: Overlay;
  readonly folders: Folders;
  readonly undo: UndoStack<ActLabel>;
  /** Cache for everything except folder lists. Keys begin with a noun: `["versions", id]`. */
  readonly queries: QueryClient;
}

export interface ActLabel {
  readonly message: MessageKey;
  readonly values?: Readonly<Record<string, string | number>>;
  /** Items of the action. An undo selects those that it brings back. */
  readonly ids: readonly string[];
}

export interface DriveParts {
  readonly viewer: Viewer;
  readonly tokens: AccessTokens;
  readonly session: ReachParts["session"];
  /** Account for which offline files may be kept. Undefined: no files are kept. */
  readonly account: () => string | undefined;
  /** One of these tabs polls the server for all. */
  readonly tabs: Tabs;
  /** Undefined if the viewer may not know the name. */
  readonly whoChanged: (client: ApiClient, nodeId: string) => Promise<string | undefined>;
  readonly prove?: ApiClientOptions["prove"];
}

/** Cached rows of closed folders, by the memory of a phone or computer. */
const keptRowsMax = (navigator.maxTouchPoints > 0 ? 60 : 200) * 1000;

export function makeDrive({ viewer, tokens, session, account, tabs, whoChanged, prove }: DriveParts): Drive {
  const nowMs = (): number => Date.now();
  const client = openClient(tokens, prove);
  const live = new Live({ client, tabs, nowMs, wait, jitter: Math.random });
  const overlay = new Overlay();
  const folders = new Folders({ client, live, overlay, keptRowsMax });
  const undo = new UndoStack<ActLabel>({ nowMs, whoChanged: (nodeId) => whoChanged(client, nodeId) });
  // The poll reports changes, so mounting does not refetch.
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000, retry: false } } });
  const kept = new KeptDoor({ client, account });
  live.listen((news) => kept.hear(news));
  const isBrowserOnline = (): boolean => navigator.onLine;
  const reach = new Reach({ session, live, isBrowserOnline, wait, jitter: Math.random });
  for (const event of ["online", "offline"]) globalThis.addEventListener(event, () => reach.browserChanged());
  reach.subscribe(() => {
    if (reach.getSnapshot()) return;
    folders.retryFailed();
    void queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
  });
  return { viewer, tokens, client, account, live, reach, kept, overlay, folders, undo, queries };
}

export function emptyDrive({ live, folders, undo, queries }: Drive): void {
  live.stop();
  folders.clear();
  undo.clear();
  queries.clear();
}
