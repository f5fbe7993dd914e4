import { readFileSync } from "node:fs";
import type { Context } from "./commands/command.ts";

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === "--version") {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  endQuietlyWithTheReader();
  const { stdin, stdout, stderr } = process;
  const context: Context = { environment: process.env, stdin, stdout, stderr, exitCode: 0 };
  const { makeProgram } = await import("./program.ts");
  const program = await makeProgram(context, version(), args[0]);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    return exitCodeOfUsage(thrown);
  }
  return context.exitCode;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

/** Commander has said already what is wrong; help that was asked for is no failure. */
function exitCodeOfUsage(thrown: unknown): number {
  const code = thrown instanceof Error ? String(Reflect.get(thrown, "code")) : "";
  if (!code.startsWith("commander.")) throw thrown;
  return code === "commander.helpDisplayed" || code === "commander.version" ? 0 : 2;
}

/** `holdfast ls | head`: when nobody reads any more there is nothing left to do. */
function endQuietlyWithTheReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
