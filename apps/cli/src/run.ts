import { readFileSync } from "node:fs";
import type { Context } from "./commands/command.ts";
import { showJson, showLines } from "./output/screen.ts";

/** One command line, with this process's input and output. @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  endQuietlyWithTheReader();
  const { stdin, stdout, stderr } = process;
  return runIn({ environment: process.env, stdin, stdout, stderr, exitCode: 0 }, args);
}

/** The same with others. */
export async function runIn(context: Context, args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === "--version") {
    showLines(context.stdout, [version()]);
    return 0;
  }
  const { makeProgram } = await import("./program.ts");
  const program = await makeProgram(context, version(), args[0]);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    return usageFailure(thrown, args, context);
  }
  return context.exitCode;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

/** Commander has said on stderr what is wrong; help that was asked for is no failure. @returns the exit code */
function usageFailure(thrown: unknown, args: readonly string[], { stdout }: Context): number {
  const code = thrown instanceof Error ? String(Reflect.get(thrown, "code")) : "";
  if (!(thrown instanceof Error) || !code.startsWith("commander.")) throw thrown;
  if (code === "commander.helpDisplayed" || code === "commander.version") return 0;
  const end = args.indexOf("--");
  if ((end === -1 ? args : args.slice(0, end)).includes("--json")) {
    const isHelp = code === "commander.help";
    const message = isHelp ? "A command is missing. Run it with --help to see which there are." : thrown.message;
    showJson(stdout, `${JSON.stringify({ error: { code: "usage", message: message.replace(/^error: /, "") } })}\n`);
  }
  return 2;
}

/** `holdfast ls | head`: when nobody reads any more there is nothing left to do. */
function endQuietlyWithTheReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
