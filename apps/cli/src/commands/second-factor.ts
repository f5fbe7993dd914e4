import { HoldfastError } from "@holdfast/core/errors";
import { askingAgain } from "../invocation/asking-again.ts";
import { timeFor } from "../output/listing.ts";
import { count, formatLocalTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export interface ProofOptions {
  readonly passwordStdin?: boolean;
  readonly totp?: string;
}

interface Proof {
  readonly password: string;
  readonly totp?: string;
}

const name = "second-factor";

export const secondFactorCommand: CommandMaker = (context) => {
  const command = newCommand(name, "Turn two-factor authentication with an authenticator app on or off", [
    "second-factor",
    "second-factor on",
    "second-factor codes",
    "second-factor off",
  ]);
  command.addCommand(switchOn(context)).addCommand(confirm(context));
  command.addCommand(renew(context)).addCommand(switchOff(context));
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const state = await client.call("getSecondFactor");
    await run.output.result(state, () => [
      state.on
        ? `On since ${timeFor(run.output, state.since)}: ${factorsOf(state)}; ${count(state.recovery_codes_left, "recovery code")} left.`
        : "Off: the password is enough to sign in. 'holdfast second-factor on' changes that.",
      ...(state.required === true
        ? ["An administrator requires a second factor, so the last one cannot be removed."]
        : []),
    ]);
  });
};

/** @param dueAt time until which the account works without a second factor */
export function sayFactorDue(dueAt: string): string {
  const isOver = Date.parse(dueAt) <= Date.now();
  return isOver
    ? "This account must have a second factor before you can use it. Set one up with 'holdfast second-factor on'."
    : `This account must have a second factor from ${formatLocalTime(dueAt)}. Set one up with 'holdfast second-factor on'.`;
}

/** Returns the kinds of second factors in use. An older server reports nothing and supports only an app. */
function factorsOf({
  app = true,
  passkeys = 0,
}: {
  readonly app?: boolean | undefined;
  readonly passkeys?: number | undefined;
}): string {
  const apps = app ? ["an authenticator app"] : [];
  const keys = passkeys > 0 ? [count(passkeys, "passkey")] : [];
  return [...apps, ...keys].join(" and ");
}

function switchOn(context: Context) {
  const command = withProof(
    "on",
    "Turn on two-factor authentication: show a QR code for the app, then ask for the code that the app displays",
    ["second-factor on", "second-factor on --password-stdin < password.txt"],
  );
  return runs<[]>(context, command, async (run, options: ProofOptions) => {
    const { client } = await run.connect();
    const prepared = await withCode(run, options, (body) =>
      client.call("prepareSecondFactor", { body, asksOnce: true }),
    );
    if (run.context.stdin.isTTY !== true || run.output.json) {
      await run.output.result(prepared, () => [
        `Secret for the authenticator app: ${prepared.secret}`,
        prepared.uri,
        "The second factor is not on yet. Confirm with the code that the app shows: holdfast second-factor confirm CODE",
      ]);
      return;
    }
    const { renderUnicodeCompact } = await import("uqr");
    const drawn = renderUnicodeCompact(prepared.uri, { border: 2 }).split("\n");
    const lines = [...drawn, "", `Scan this with an authenticator app, or type in ${inFours(prepared.secret)}`];
    for (const line of lines) run.output.say(line);
    const confirmed = async (totp: string | undefined) => {
      if (totp === undefined) throw new HoldfastError("second_factor", "");
      const { recovery_codes: codes } = await client.call("confirmSecondFactor", { body: { totp }, asksOnce: true });
      await showCodes(run, codes, "The second factor is on.");
    };
    // The confirmation returns the recovery codes.
    await askingAgain(run, undefined, confirmed, { appQuestion: "Code that the authenticator app shows: " });
  });
}

function confirm(context: Context) {
  const command = newCommand("confirm", "Confirm with a code from the app, after 'on' without a terminal", [
    "second-factor confirm 123456",
  ]).argument("<code>", "code that the app displays");
  return runs<[string]>(context, command, async (run, totp) => {
    const { client } = await run.connect();
    const { recovery_codes: codes } = await client.call("confirmSecondFactor", { body: { totp }, asksOnce: true });
    await showCodes(run, codes, "The second factor is on.");
  });
}

function renew(context: Context) {
  const command = withProof("codes", "Create new recovery codes; the old ones stop working", ["second-factor codes"]);
  return runs<[]>(context, command, async (run, options: ProofOptions) => {
    const { client } = await run.connect();
    const { recovery_codes: codes } = await withCode(run, options, (body) =>
      client.call("renewRecoveryCodes", { body, asksOnce: true }),
    );
    await showCodes(run, codes, "New recovery codes.");
  });
}

function switchOff(context: Context) {
  const command = withProof("off", "Turn off two-factor authentication; the password alone is then enough to sign in", [
    "second-factor off",
  ]);
  return runs<[]>(context, command, async (run, options: ProofOptions) => {
    const { client } = await run.connect();
    await withCode(run, options, (body) => client.call("endSecondFactor", { body, asksOnce: true }));
    await run.output.done({ on: false }, () => ["The second factor is off: the password is enough to sign in."]);
  });
}

function withProof(word: string, summary: string, examples: readonly string[]) {
  return addProof(newCommand(word, summary, examples));
}

export async function readPassword(run: Run, fromStdin: boolean | undefined): Promise<string> {
  const { firstLine } = await import("../invocation/terminal.ts");
  return fromStdin === true ? firstLine(run.context.stdin) : run.askSecret("Password: ");
}

export function addProof(command: ReturnType<typeof newCommand>) {
  return command
    .option("--password-stdin", "read the password from the first line of standard input")
    .option("--totp <code>", "code from the authenticator app, or a recovery code, if a second factor is on");
}

export async function withCode<Result>(
  run: Run,
  { passwordStdin, totp }: ProofOptions,
  act: (proof: Proof) => Promise<Result>,
): Promise<Result> {
  const password = await readPassword(run, passwordStdin);
  if (password === "") throw usage("The password is empty.");
  return askingAgain(run, totp, async (code) => {
    try {
      return await act({ password, ...(code === undefined ? {} : { totp: code }) });
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.field !== "password") throw thrown;
      throw new HoldfastError("unauthenticated", "Wrong password. Nothing was changed.", { cause: thrown });
    }
  });
}

async function showCodes({ output }: Run, codes: readonly string[], what: string): Promise<void> {
  await output.result({ recovery_codes: codes }, () => [
    `${what} Keep these recovery codes in a safe place away from your phone. Each code works once, and they are not shown again.`,
    "",
    ...codes.map((code) => `  ${code}`),
  ]);
}

/** Apps ignore the spaces. */
function inFours(secret: string): string {
  return secret.replaceAll(/.{4}(?=.)/g, "$& ");
}
