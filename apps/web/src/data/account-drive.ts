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

/** A delay, so that offline files do not slow down the first list. */
const keptAfterMs = 2000;

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
  // A tab closed earlier fetches nothing.
  const keepSoon = (): void => {
    setTimeout(() => {
      if (session.getSnapshot() !== "signed_in") return;
      import("./keep-account.ts").then(({ keepAccount }) => keepAccount(kept, session.account)).catch(() => {});
    }, keptAfterMs);
  };
  const signedIn = () => (session.getSnapshot() === "signed_in" ? session.account : undefined);
  let receiver: string | undefined;
  session.subscribe(() => {
    if (receiver === signedIn()) return;
    receiver = signedIn();
    if (receiver === undefined) return;
    import("../browser/received-files.ts").then(({ receiveFor }) => receiveFor(signedIn)).catch(() => {});
  });
  let before = session.getSnapshot();
  session.subscribe(() => {
    const state = session.getSnapshot();
    if (state === before) return;
    const isEarlier = before === "starting" && state === "signed_out";
    before = state;
    // The session ended without a sign-out, which deletes everything.
    if (isEarlier || state === "expired") {
      rememberPerson(undefined);
      void kept.end().then(forgetContent);
    }
    if (state !== "signed_in") return;
    keepSoon();
    if (!live.isStarted) live.start();
  });
  reach.subscribe(() => !reach.getSnapshot() && keepSoon());
  session.onLeaving(() => {
    live.stop();
    void queries.cancelQueries();
  });
  session.onEnd(async (_, where) => {
    emptyDrive(drive);
    if (where !== "newer") rememberPerson(undefined);
    await kept.end();
    if (where !== "newer") await forgetAccount();
  });
  return { ...drive, session };
}

const lastAccountKey = "holdfast-account";
const lastSessionKey = "holdfast-last-session";
const lastAccount: LastAccount = {
  read: () => localStorage.getItem(lastAccountKey) ?? undefined,
  readSession: () => localStorage.getItem(lastSessionKey) ?? undefined,
  write: (account, session) => {
    store(lastAccountKey, account);
    store(lastSessionKey, session);
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
