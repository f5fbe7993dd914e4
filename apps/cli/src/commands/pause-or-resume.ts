import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export function pauseOrResume(action: "pause" | "resume", summary: string): CommandMaker {
  return (context) => {
    const command = newCommand(action, summary, [action, `${action} ~/Drive`]).argument(
      "[folder]",
      "synced folder; default is all",
    );
    return runs<[string | undefined]>(context, command, async (run, folder) => {
      const [{ thisConfigFolder }, { chooseSyncs }, { sendToRunning }, { changeStopped }] = await Promise.all([
        import("../config/connection.ts"),
        import("../sync/choose-syncs.ts"),
        import("../sync/control-client.ts"),
        import("../sync/stopped-sync.ts"),
      ]);
      const isPause = action === "pause";
      const syncs = await chooseSyncs(thisConfigFolder(context.environment), folder);
      const lines: string[] = [];
      const done: object[] = [];
      for (const sync of syncs) {
        const { root } = sync.record;
        const running = await sendToRunning(sync, action);
        if (running === undefined) await changeStopped(sync, action);
        done.push({ root, paused: isPause, running: running !== undefined });
        lines.push(`${root}: ${outcome(isPause, sync.record.is_paused === isPause, running !== undefined)}`);
      }
      if (syncs.length === 0) lines.push("Nothing is synced here yet. Start with 'holdfast sync DIR'.");
      await run.output.done({ items: done, next_cursor: null }, () => lines);
    });
  };
}

/** @param wasSo the sync was already in the requested state */
function outcome(isPause: boolean, wasSo: boolean, isRunning: boolean): string {
  const already = isPause ? "already paused" : "was not paused";
  if (!isRunning) {
    const next = `its next start ${isPause ? "will be paused" : "will sync"}`;
    return wasSo ? `${already}, and is not running; ${next}` : `is not running; ${next}`;
  }
  if (wasSo) return already;
  return isPause ? "paused" : "resumed";
}
