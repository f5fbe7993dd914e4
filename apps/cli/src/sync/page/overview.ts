import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { type Action, perform } from "../control-acts.ts";
import { askView, sendToRunning } from "../control-client.ts";
import { type KnownSync, readKnownSyncs } from "../known-syncs.ts";
import { lastStatus, notRunning } from "../last-status.ts";
import { limitsOf } from "../open-sync.ts";
import type { SyncControl } from "../sync-control.ts";
import { changeStopped } from "../stopped-sync.ts";
import { keyOf, type SyncView, viewOf } from "./sync-view.ts";

const otherVersion = "Its client runs an older version and cannot be shown here. Restart it.";

/** Requests for other syncs use their control files, as the commands do. */
export class Overview {
  readonly #configFolder: string;
  readonly #own: { readonly folder: string; readonly control: SyncControl };

  constructor(configFolder: string, own: { readonly folder: string; readonly control: SyncControl }) {
    this.#configFolder = configFolder;
    this.#own = own;
  }

  /** The sync of this client comes first. */
  async views(): Promise<SyncView[]> {
    const syncs = await readKnownSyncs(this.#configFolder);
    const own = syncs.filter((sync) => this.#isOwn(sync));
    const others = syncs.filter((sync) => !this.#isOwn(sync));
    return Promise.all([...own, ...others].map((sync) => this.#view(sync)));
  }

  /**
   * @param body unparsed request body
   * @throws HoldfastError not_found for an unknown key; bad_request; failed if the action needs a client that is not
   * running
   */
  async act(key: string, action: Action, body: unknown): Promise<void> {
    const sync = (await readKnownSyncs(this.#configFolder)).find((each) => keyOf(each) === key);
    if (sync === undefined) throw new HoldfastError("not_found", "This folder is no longer synced.");
    if (this.#isOwn(sync)) await perform(this.#own.control, action, body);
    else if ((await sendToRunning(sync, action, body)) === undefined) await changeStopped(sync, action, body);
  }

  #isOwn({ folder }: KnownSync): boolean {
    return folder === this.#own.folder;
  }

  async #view(sync: KnownSync): Promise<SyncView> {
    if (this.#isOwn(sync)) return this.#own.control.view();
    const stopped = async (why: string): Promise<SyncView> => {
      const parts = { limits: limitsOf(sync.record), notRunning: why };
      return viewOf(sync, { ...(await lastStatus(sync)), ...parts });
    };
    try {
      return (await askView(sync)) ?? (await stopped(notRunning(sync.record)));
    } catch (thrown) {
      const { code, message } = toHoldfastError(thrown);
      return stopped(code === "not_found" ? otherVersion : message);
    }
  }
}
