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

/** All that a page has of its server, made once: whoever shows something asks it for its part. */
export interface Drive {
  readonly viewer: Viewer;
  /** As whom everything is called. */
  readonly tokens: AccessTokens;
  readonly client: ApiClient;
  /** Who is signed in, or was when this browser last knew; nobody for a link. */
  readonly account: () => string | undefined;
  readonly live: Live;
  /** Whether the server answers. */
  readonly reach: Reach;
  /** Files that open without the server. */
  readonly kept: KeptDoor;
  readonly overlay: Overlay;
  readonly folders: Folders;
  /** Of what this tab did. */
  readonly undo: UndoStack<ActLabel>;
  /** What is no list of a folder. Keys begin with a noun: `["versions", id]`. */
  readonly queries: QueryClient;
}

/** What an act did, in the words of the catalogues. */
export interface ActLabel {
  readonly message: MessageKey;
  readonly values?: Readonly<Record<string, string | number>>;
}

export interface DriveParts {
  readonly viewer: Viewer;
  readonly tokens: AccessTokens;
  readonly session: ReachParts["session"];
  /** For whom this browser may keep files; nothing is kept for nobody. */
  readonly account: () => string | undefined;
  /** Among whom one asks the server for news. */
  readonly tabs: Tabs;
  /** The name of who changed a node last, where that may be known. */
  readonly whoChanged: (client: ApiClient, nodeId: string) => Promise<string | undefined>;
  /** Has the person prove who they are, where the server asks for that. */
  readonly prove?: ApiClientOptions["prove"];
}

/** Rows of folders that nobody looks at: as many as a phone has room for, or a computer. */
const keptRowsMax = (navigator.maxTouchPoints > 0 ? 60 : 200) * 1000;

export function makeDrive({ viewer, tokens, session, account, tabs, whoChanged, prove }: DriveParts): Drive {
  const nowMs = (): number => Date.now();
  const client = openClient(tokens, prove);
  const live = new Live({ client, tabs, nowMs, wait, jitter: Math.random });
  const overlay = new Overlay();
  const folders = new Folders({ client, live, overlay, keptRowsMax });
  const undo = new UndoStack<ActLabel>({ nowMs, whoChanged: (nodeId) => whoChanged(client, nodeId) });
  // What others change comes by the poll, so nothing is asked again for coming into view.
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

/** Of a viewer who is not there any more nothing is kept. */
export function emptyDrive({ live, folders, undo, queries }: Drive): void {
  live.stop();
  folders.clear();
  undo.clear();
  queries.clear();
}
