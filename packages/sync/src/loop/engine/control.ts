export type Phase = "starting" | "syncing" | "waiting" | "backing_off" | "paused" | "refused" | "stopped";
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
 * A missing cell does not compile. In phase `refused`, the root, the server or the account is not the expected one, and
 * nothing changes until a restart.
 */
export const transitions: Readonly<Record<Phase, Readonly<Record<Event, Phase>>>> = {
  starting: row("starting", { recovered: "syncing", failed: "backing_off" }),
  syncing: row("syncing", { rested: "waiting", failed: "backing_off" }),
  waiting: row("waiting", { woken: "syncing" }),
  // The failure may have interrupted the recovery, so it runs again.
  backing_off: row("backing_off", { woken: "starting" }),
  paused: row("paused", { resumed: "starting" }),
  refused: row("refused", { paused: "refused" }),
  stopped: row("stopped", { paused: "stopped", mismatched: "stopped" }),
};

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
