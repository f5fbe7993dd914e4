import type { ActivityJson, ActivityVerb } from "@holdfast/protocol/activity-routes";

/** A rewind changes neither permissions nor comments. */
const leftAlone: ReadonlySet<ActivityVerb> = new Set(["shared", "unshared", "linked", "commented"]);

export function isRewound(verb: ActivityVerb): boolean {
  return !leftAlone.has(verb);
}

/** @param reachMs maximum age of the moment */
export function isRewindable({ verb, since }: Pick<ActivityJson, "verb" | "since">, reachMs: number): boolean {
  return isRewound(verb) && Date.parse(since) - 1 >= Date.now() - reachMs;
}

/** Moment before the first change of an action, RFC 3339. */
export function momentBefore({ since }: Pick<ActivityJson, "since">): string {
  return new Date(Date.parse(since) - 1).toISOString();
}
