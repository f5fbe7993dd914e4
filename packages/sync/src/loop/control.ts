/** What a sync is doing. */
export type Phase = "starting" | "syncing" | "waiting" | "backing_off" | "paused" | "refused" | "stopped";
/** What can happen to it. */
export type Event =
  | "recovered"
  | "progressed"
  | "rested"
  | "woken"
  | "failed"
  | "mismatched"
  | "paused"
  | "resumed"
  | "stopped";

/**
 * The whole control loop: a missing cell does not compile. `refused`: the root, the server or the account is not the one that
 * belongs here; nothing is touched until somebody starts it again.
 */
export const transitions: Readonly<Record<Phase, Readonly<Record<Event, Phase>>>> = {
  starting: row("starting", { recovered: "syncing", failed: "backing_off" }),
  syncing: row("syncing", { rested: "waiting", failed: "backing_off" }),
  waiting: row("waiting", { woken: "syncing" }),
  // Whatever failed may have failed before the recovery was done, so it begins with that again.
  backing_off: row("backing_off", { woken: "starting" }),
  paused: row("paused", { resumed: "starting" }),
  refused: row("refused", { paused: "refused" }),
  stopped: row("stopped", { paused: "stopped", mismatched: "stopped" }),
};

/** A row of the table: all that it does not name stays as it is, but for what holds everywhere. */
function row(phase: Phase, changes: Partial<Record<Event, Phase>>): Readonly<Record<Event, Phase>> {
  return {
    recovered: phase,
    progressed: phase,
    rested: phase,
    woken: phase,
    failed: phase,
    mismatched: "refused",
    paused: "paused",
    resumed: phase,
    stopped: "stopped",
    ...changes,
  };
}
