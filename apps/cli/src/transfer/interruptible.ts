import type { Run } from "../invocation/run.ts";
import { interruptedExitCode } from "../invocation/interruption.ts";
import type { Progress } from "../output/progress.ts";
import { showJson, showLines } from "../output/screen.ts";

const message = "interrupted; run the same command again to resume";

/**
 * Ctrl-C ends the process immediately. A transfer may be cut off at any point, as by a power cut, and the next run
 * continues.
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
