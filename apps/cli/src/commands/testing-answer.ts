import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runIn } from "../run.ts";

/**
 * Runs a command in this process as on a terminal, with an answer to its question.
 * @returns its exit code, standard error as a terminal shows it, and standard output
 */
export async function answering(
  configFolder: string,
  args: readonly string[],
  answer: string,
): Promise<{ readonly code: number; readonly shown: string; readonly out: string }> {
  const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true as const })];
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => {} });
  stdin.end(`${answer}\n`);
  const environment = { HOLDFAST_CONFIG_DIR: configFolder };
  const context = { environment, stdin: stdin as never, stdout, stderr, exitCode: 0 };
  const code = await runIn(context, [...args]);
  stdout.end();
  stderr.end();
  return { code, shown: await text(stderr), out: await text(stdout) };
}
