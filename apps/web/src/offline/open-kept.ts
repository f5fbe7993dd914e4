import type { ApiClient } from "@holdfast/api-client/api-client";
import { bestHasher } from "../browser/hasher.ts";
import { KeptFiles } from "./kept-files.ts";
import { openOpfsStore } from "./opfs-store.ts";

const name = "holdfast-kept";
const settleMs = 1000;
/** Interval for files shared by others. */
const followMs = 30_000;

export interface OpenedKept {
  readonly files: KeptFiles;
  /** Downloads and deletes what a change requires, shortly afterwards. */
  readonly settle: () => void;
  /** After it resolves, nothing is written. */
  readonly end: () => Promise<void>;
}

/** All tabs share the files. Requires `hasOpfs`, which implies Web Locks. */
export async function openKept(
  client: Pick<ApiClient, "call" | "open">,
  account: string,
  onChange: () => void,
): Promise<OpenedKept> {
  const channel = new BroadcastChannel(name);
  const files = new KeptFiles({
    client,
    store: await openOpfsStore(account),
    hash: bestHasher(crypto.subtle),
    alone: (run) => navigator.locks.request(name, run),
    ifAlone: (run) =>
      navigator.locks.request(`${name}-fetch`, { ifAvailable: true }, (lock) => (lock === null ? undefined : run())),
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin
    notifyTabs: () => channel.postMessage("changed"),
    onChange,
  });
  channel.addEventListener("message", () => void files.read().catch(() => {}));
  await files.read();
  const following = setInterval(() => void files.follow(), followMs);
  let settling: ReturnType<typeof setTimeout> | undefined;
  return {
    files,
    settle: () => {
      clearTimeout(settling);
      settling = setTimeout(() => void files.sync(), settleMs);
    },
    end: () => {
      clearTimeout(settling);
      clearInterval(following);
      channel.close();
      return files.end();
    },
  };
}
