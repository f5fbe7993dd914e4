import type { Run } from "../commands/command.ts";
import { interruptedExitCode } from "../interruption.ts";
import type { Progress } from "../output/progress.ts";
import { showJson, showLines } from "../output/screen.ts";

const message = "interrupted; run the same command again to resume";

/**
 * Runs a transfer with its progress shown. Ctrl-C ends the process at once with one line: whatever a transfer is doing, it
 * may be cut off like by a power cut, and the next run goes on from what is there.
 */
export async function interruptible(run: Run, progress: Progress, transfer: () => Promise<void>): Promise<void> {
  const { stdout, stderr } = run.context;
  const end = (): void => {
    progress.stop();
    showLines(stderr, [`holdfast: ${message}`]);
    if (run.output.json) showJson(stdout, `${JSON.stringify({ error: { code: "failed", message } })}\n`);
    process.exit(interruptedExitCode);
  };
  process.on("SIGINT", end);
  try {
    await transfer();
  } finally {
    process.off("SIGINT", end);
    progress.stop();
  }
}
