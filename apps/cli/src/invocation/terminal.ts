import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Context } from "../output/context.ts";
import { HoldfastError } from "@holdfast/core/errors";
import { Interruption } from "./interruption.ts";
import { showLines, showPrompt } from "../output/screen.ts";
import { printable } from "@holdfast/core/printable";

/** @throws HoldfastError usage without a terminal */
export async function ask(context: Context, question: string): Promise<string> {
  requireTerminal(context, question);
  const lines = createInterface({ input: context.stdin, output: context.stderr });
  try {
    return await new Promise<string>((resolve, reject) => {
      // Runs before "close", which follows.
      lines.once("SIGINT", () => {
        showLines(context.stderr, [""]);
        reject(new Interruption());
      });
      lines.once("close", () => reject(new HoldfastError("usage", "Nothing was entered.")));
      lines.question(printable(question), (answer) => resolve(answer.trim()));
    });
  } finally {
    lines.close();
  }
}

export async function askSecret(context: Context, question: string): Promise<string> {
  requireTerminal(context, question);
  showPrompt(context.stderr, question);
  context.stdin.setRawMode?.(true);
  try {
    return await typedLine(context.stdin);
  } finally {
    context.stdin.setRawMode?.(false);
    context.stdin.pause();
    showLines(context.stderr, [""]);
  }
}

/**
 * Asks twice, because a mistyped new password locks its owner out.
 * @param check throws for an invalid password, before it is repeated
 */
export async function askNewPassword(
  context: Context,
  askFirst: () => Promise<string>,
  check: (password: string) => string,
): Promise<string> {
  const first = check(await askFirst());
  const second = await askSecret(context, "Repeat the password: ");
  if (first !== second) throw new HoldfastError("usage", "The passwords do not match.");
  return first;
}

/** Returns true without a terminal, because the author of a script has decided. */
export async function confirm(
  context: Context,
  question: string,
  { usual = "no" }: { /** Answer for an empty line. */ readonly usual?: "yes" | "no" } = {},
): Promise<boolean> {
  if (context.stdin.isTTY !== true) return true;
  const answer = await ask(context, `${question} ${usual === "yes" ? "(Y/n)" : "(y/N)"} `);
  return usual === "yes" ? !/^no?$/i.test(answer.trim()) : /^y(es)?$/i.test(answer);
}

/** @throws HoldfastError failed with the message `declined`, the same for all commands */
export async function assertConfirmed(
  context: Context,
  question: string,
  declined: string,
  options?: Parameters<typeof confirm>[2],
): Promise<void> {
  if (!(await confirm(context, question, options))) throw new HoldfastError("failed", declined);
}

export async function firstLines(input: Context["stdin"], count: number): Promise<string[]> {
  return (await text(input)).split(/\r?\n/, count);
}

export async function firstLine(input: Context["stdin"]): Promise<string> {
  const [line = ""] = await firstLines(input, 1);
  if (line === "") throw new HoldfastError("usage", "Standard input has no password on its first line.");
  return line;
}

/** @throws HoldfastError usage without a terminal */
export function requireTerminal({ stdin }: Context, question: string): void {
  if (stdin.isTTY === true) return;
  throw new HoldfastError(
    "usage",
    `Cannot ask for '${question.trim()}' without a terminal. Use an option instead, or --password-stdin for a password; see --help.`,
  );
}

function typedLine(input: Context["stdin"]): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = "";
    const onData = (data: string | Buffer): void => {
      for (const character of data.toString()) {
        if (character === "\r" || character === "\n") return done(() => resolve(typed));
        if (character === "\u0003") return done(() => reject(new Interruption()));
        if (character === "\u0004") return done(() => reject(new HoldfastError("usage", "Nothing was entered.")));
        typed = character === "\u007f" || character === "\b" ? typed.slice(0, -1) : typed + character;
      }
    };
    const done = (settle: () => void): void => {
      input.off("data", onData);
      settle();
    };
    input.on("data", onData).resume();
  });
}
