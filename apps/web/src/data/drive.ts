import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient, ApiClientOptions } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { QueryClient } from "@tanstack/query-core";
import type { MessageKey } from "../messages/en.ts";
import type { Acts } from "./acts.ts";
import { clientOptions } from "./client.ts";
import { DriveClient } from "./drive-client.ts";
import { Folders } from "./folders.ts";
import { KeptDoor } from "./kept.ts";
import { Live } from "./live.ts";
import { Overlay } from "./overlay.ts";
import { Reach, type ReachParts } from "./reach.ts";
import type { Tabs } from "./tabs.ts";
import { UndoStack } from "./undo.ts";
import type { Viewer } from "./viewer.ts";
import { wait } from "../browser/wait.ts";

/** A page's access to its server, created once. */
export interface Drive {
  readonly viewer: Viewer;
  readonly tokens: AccessTokens;
  readonly client: ApiClient;
  /** Signed-in account, or the last known one while offline. Undefined on a link page. */
  readonly account: () => string | undefined;
  readonly live: Live;
  readonly reach: Reach;
  /** Loaded after the first list; undefined if that failed. */
  readonly acts: () => Promise<Acts | undefined>;
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
  const client: ApiClient = new DriveClient(clientOptions(tokens, prove), () => ({ reach, acts }));
  const live = new Live({ client, tabs, nowMs, wait, jitter: Math.random });
  const overlay = new Overlay();
  const folders = new Folders({ client, live, overlay, keptRowsMax });
  const undo = new UndoStack<ActLabel>({ nowMs, whoChanged: (nodeId) => whoChanged(client, nodeId) });
  // The poll reports changes, so mounting does not refetch.
  const queries = new QueryClient({
    defaultOptions: {
      // `Reach` decides. By default, offline changes would wait unseen.
      queries: { staleTime: 60_000, retry: false, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  const kept = new KeptDoor({ client, account });
  live.listen((news) => kept.hear(news));
  const isBrowserOnline = (): boolean => navigator.onLine;
  const reach = new Reach({ session, live, isBrowserOnline, wait, jitter: Math.random });
  let loaded: ReturnType<Drive["acts"]> | undefined;
  const acts = (): ReturnType<Drive["acts"]> =>
    (loaded ??= import("./acts.ts").then(
      (module) => new module.Acts({ client, reach, wait, nowMs, jitter: Math.random }),
      () => undefined,
    ));
  for (const event of ["online", "offline"]) globalThis.addEventListener(event, () => reach.browserChanged());
  reach.subscribe(() => {
    if (reach.getSnapshot()) return;
    folders.retryFailed();
    void queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
  });
  return { viewer, tokens, client, account, live, reach, acts, kept, overlay, folders, undo, queries };
}

export function emptyDrive({ live, acts, folders, undo, queries }: Drive): void {
  live.stop();
  // Another account must not send them.
  void acts().then((loaded) => loaded?.end(new HoldfastError("unauthenticated", "The account signed out.")));
  folders.clear();
  undo.clear();
  queries.clear();
}
