import type { Command } from "commander";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import type { Moved } from "../output/progress.ts";
import type { Mirroring } from "../transfer/may-delete.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";

/** Problems with the same message that are shown one by one. */
export const alikeShownMax = 50;

export interface TransferFlags {
  readonly dryRun?: true;
  readonly exclude?: readonly string[];
  readonly limit?: string;
  readonly delete?: true;
  readonly yes?: true;
  readonly passwordStdin?: true;
}

export function withTransferOptions(command: Command): Command {
  return command
    .option("--dry-run", "show what would be done without doing it")
    .option(
      "--exclude <pattern>",
      "skip files and folders that match this pattern, as in .holdfastignore; can be repeated",
      collect,
    )
    .option("--limit <rate>", "maximum rate in bytes per second, such as 500K or 2M")
    .option("--password-stdin", "read the link's password from the first line of standard input");
}

/** Runs before any request. @throws HoldfastError usage */
export async function readTransferFlags(run: Run, flags: TransferFlags): Promise<Patterns | undefined> {
  if (flags.limit !== undefined) {
    const { parseRate } = await import("../sync/sync-flags.ts");
    const bytesPerSecond = parseRate(flags.limit, "--limit");
    if (bytesPerSecond !== undefined) run.limit(bytesPerSecond);
  }
  if (flags.exclude === undefined) return undefined;
  if (flags.exclude.some((pattern) => pattern.trim() === "")) throw usage("A pattern of --exclude is empty.");
  const { Patterns } = await import("@holdfast/sync/rules/patterns");
  return new Patterns(flags.exclude);
}

/** Excludes blocks that the other side has. */
export function movedOf(run: Run, report: { readonly bytesSent: number }): Moved {
  const { traffic } = run;
  const { bytesSent: countedBytes } = report;
  if (traffic === undefined) return { countedBytes, contentBytes: countedBytes, allBytes: countedBytes };
  const { sentBytes, receivedBytes, contentBytes } = traffic;
  return { countedBytes, contentBytes, allBytes: sentBytes + receivedBytes };
}

/** @param pause hides the progress during the question */
export function mirroringOf(run: Run, flags: TransferFlags, pause: () => void): Mirroring | undefined {
  if (flags.delete !== true) return undefined;
  const confirm = async (question: string): Promise<boolean | undefined> => {
    if (flags.yes === true) return true;
    if (run.context.stdin.isTTY !== true) return undefined;
    pause();
    const { confirm: ask } = await import("../invocation/terminal.ts");
    return ask(run.context, question);
  };
  return { confirm, isAnswered: flags.yes === true, canAsk: run.context.stdin.isTTY === true };
}

/** Warns about patterns without a match, which may be mistyped. */
export function warnUnused({ output }: Run, patterns: Patterns | undefined): void {
  for (const text of patterns?.unused ?? []) output.say(`holdfast: --exclude ${text} matched nothing here`);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
