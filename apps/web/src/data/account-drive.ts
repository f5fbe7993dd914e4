import type { ApiClient } from "@holdfast/api-client/api-client";
import { openPublicClient } from "./client.ts";
import { type Drive, type DriveParts, emptyDrive, makeDrive } from "./drive.ts";
import { forgetAccount, forgetContent } from "./forget-account.ts";
import { rememberPerson } from "./remembered-person.ts";
import { type LastAccount, type Leaving, Session } from "./session.ts";
import { openTabs } from "./tabs.ts";
import { accountViewer } from "./viewer.ts";
import { wait } from "../browser/wait.ts";

export interface AccountDrive extends Drive {
  readonly session: Session;
}

export function openDrive(): AccountDrive {
  const session = new Session({
    client: openPublicClient(),
    tabs: openTabs("holdfast-session"),
    nowMs: () => Date.now(),
    wait,
    lastAccount,
    leaving,
  });
  const tabs = openTabs("holdfast-live");
  const account = () => session.account;
  const drive = makeDrive({
    viewer: accountViewer,
    tokens: session,
    session,
    account,
    tabs,
    whoChanged,
    prove,
  });
  const { live, reach, kept, queries } = drive;
  const keep = (): void =>
    void import("./keep-account.ts").then(
      (part) => part.keepAccount(kept, session),
      () => {},
    );
  let before = session.getSnapshot();
  let known = session.account;
  let owner: string | undefined;
  session.subscribe(() => {
    const state = session.getSnapshot();
    const isOver = state === "expired" || (before === "starting" && state === "signed_out");
    // The session ended without a sign-out, which deletes everything. The account changes if another tab ended it.
    if (isOver && state !== before && known === session.account) {
      rememberPerson(undefined);
      void kept.end().then(forgetContent);
    }
    before = state;
    known = session.account;
    const next = state === "signed_in" ? known : undefined;
    if (next !== undefined && next !== owner) {
      keep();
      live.start();
    }
    owner = next;
  });
  // Storage events and messages do not reach a page that is frozen or in the back/forward cache.
  for (const event of ["storage", "pageshow", "resume", "visibilitychange"])
    addEventListener(event, session.wake, true);
  reach.subscribe(() => !reach.getSnapshot() && keep());
  session.onLeaving(() => {
    live.stop();
    void queries.cancelQueries();
  });
  session.onEnd(async (_, where) => {
    emptyDrive(drive);
    if (where !== "replaced") rememberPerson(undefined);
    await kept.end();
    // Forms and dialogs may still contain data of the earlier account. The next page deletes what it stored late.
    if (where === "replaced") location.replace("/files");
    else await forgetAccount();
  });
  return { ...drive, session };
}

const lastAccountKey = "holdfast-account";
const lastSessionKey = "holdfast-last-session";
const lastAccount: LastAccount = {
  read: () => localStorage.getItem(lastAccountKey) ?? undefined,
  readSession: () => localStorage.getItem(lastSessionKey) || undefined,
  isLost: () => localStorage.getItem(lastAccountKey) === null && localStorage.getItem(lastSessionKey) === null,
  write: (account, session) => {
    store(lastAccountKey, account);
    // Stays after a sign-out, to distinguish it from deleted site data.
    store(lastSessionKey, session ?? "");
  },
};

function store(key: string, value: string | undefined): void {
  if (value === undefined) localStorage.removeItem(key);
  else localStorage.setItem(key, value);
}

const leavingKey = "holdfast-leaving";
const leaving: Leaving = {
  read: () => localStorage.getItem(leavingKey) !== null,
  write: (isLeaving) => store(leavingKey, isLeaving ? "" : undefined),
};

/** Keeps the dialog out of the first script. */
const prove: DriveParts["prove"] = async (client, refusal) => (await import("./proof.ts")).askProof(client, refusal);

async function whoChanged(client: ApiClient, nodeId: string): Promise<string | undefined> {
  const { items } = await client.call("listActivity", { query: { in: nodeId, limit: 1 } });
  return items[0]?.actor.name;
}
