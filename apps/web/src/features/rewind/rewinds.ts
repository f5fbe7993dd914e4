import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { ActivityJson } from "@holdfast/protocol/activity-routes";
import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import { isRewound } from "../../data/moments.ts";
import { wait } from "../../browser/wait.ts";

type Answered = RewindAnswer | { readonly job: string; readonly rewind_id: string };

const askEveryMs = 1000;

/** A large rewind runs as a job. @throws HoldfastError failed */
export async function finishedRewind(
  client: ApiClient,
  answer: Answered,
): Promise<{ readonly rewind_id?: string | undefined }> {
  if (!("job" in answer)) return answer;
  for (;;) {
    const { state } = await client.call("getJob", { params: { id: answer.job } });
    if (state === "done") return answer;
    if (state === "failed")
      throw new HoldfastError("failed", "The server gave up. An administrator can see why under Administration, Jobs.");
    await wait(askEveryMs);
  }
}

/** @param moment RFC 3339 @returns value for a datetime-local field, in local time */
export function toLocalField(moment: string | undefined): string {
  if (moment === undefined) return "";
  const at = new Date(moment);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** @returns undefined for an invalid moment */
export function fromLocalField(text: string): string | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

const momentsMax = 20;
/** Maximum gap and duration of one action, as on the server, which does not combine changes of different folders. */
const gapMs = 60_000;
const lastsMs = 600_000;
/** Several, because ignored entries must not hide older changes. */
const pagesMax = 5;

interface ActivityPage {
  readonly items: readonly ActivityJson[];
  readonly next_cursor: string | null;
}

/**
 * Newest first. Changes of several folders in one action are one moment, before all of them.
 * @param list page of the activity log; the first call has no cursor
 */
export async function findMoments(
  list: (page: { readonly cursor?: string }) => Promise<ActivityPage>,
): Promise<ActivityJson[]> {
  const found: ActivityJson[] = [];
  let page = await list({});
  for (let pages = 1; ; pages += 1) {
    for (const item of page.items) {
      if (!isRewound(item.verb)) continue;
      const last = found.at(-1);
      if (last !== undefined && isSameAction(last, item))
        found[found.length - 1] = { ...last, since: item.since, count: last.count + item.count };
      else found.push(item);
    }
    if (page.next_cursor === null || found.length >= momentsMax || pages === pagesMax)
      return found.slice(0, momentsMax);
    page = await list({ cursor: page.next_cursor });
  }
}

function isSameAction(newer: ActivityJson, older: ActivityJson): boolean {
  const olderMs = Date.parse(older.at);
  return (
    newer.verb === older.verb &&
    newer.actor.id === older.actor.id &&
    newer.device?.id === older.device?.id &&
    Date.parse(newer.since) - olderMs <= gapMs &&
    Date.parse(newer.at) - olderMs <= lastsMs
  );
}
