import { HoldfastError } from "@holdfast/core/errors";
import { checkNewPassword } from "./new-password.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import { askingAgain } from "../invocation/asking-again.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";

interface PasswdOptions {
  readonly passwordStdin?: boolean;
  readonly totp?: string;
}

export const passwdCommand: CommandMaker = (context) => {
  const command = newCommand(
    "passwd",
    "Change your password; this ends all other sessions and revokes all personal tokens",
    ["passwd", "printf '%s\\n' OLD NEW | holdfast passwd --password-stdin"],
  )
    .option("--password-stdin", "read the current and the new password from standard input, one line each")
    .option(
      "--totp <code>",
      "code from the authenticator app, or a recovery code; if omitted, you are asked when one is needed",
    );
  return runs<[]>(context, command, async (run, { passwordStdin, totp }: PasswdOptions) => {
    const { client } = await run.connect();
    const body = passwordStdin === true ? await fromStdin(run) : await fromTerminal(run);
    try {
      await askingAgain(run, totp, (code) =>
        client.call("changePassword", {
          body: { ...body, ...(code === undefined ? {} : { totp: code }) },
          asksOnce: true,
        }),
      );
    } catch (thrown) {
      throw toNotCurrent(thrown, "current_password");
    }
    await run.output.done({ changed: true }, () => [
      "Your password was changed. Your other sessions were ended, and your personal tokens were revoked.",
    ]);
  });
};

interface Passwords {
  readonly current_password: string;
  readonly new_password: string;
}

async function fromStdin({ context }: Run): Promise<Passwords> {
  const { firstLines } = await import("../invocation/terminal.ts");
  const [current = "", next = ""] = await firstLines(context.stdin, 2);
  if (current === "" || next === "")
    throw usage("Standard input must contain the current and the new password, one line each.");
  return { current_password: current, new_password: checkNewPassword(next) };
}

function toNotCurrent(thrown: unknown, field: string): unknown {
  if (!(thrown instanceof HoldfastError) || thrown.field !== field) return thrown;
  const message = "Wrong current password. Nothing was changed.";
  return new HoldfastError("unauthenticated", message, { cause: thrown });
}

/**
 * Errors that do not end the change: the password is correct, or the change itself reports the error and asks for a
 * second factor.
 */
const decidedLater: ReadonlySet<string> = new Set(["second_factor", "forbidden", "not_found"]);

/** Runs before a new password is typed twice. The server counts a wrong one like the change does. */
async function checkCurrent(run: Run, password: string): Promise<void> {
  const { client } = await run.connect();
  try {
    await client.call("proveSession", { body: { password }, asksOnce: true });
  } catch (thrown) {
    if (thrown instanceof HoldfastError && decidedLater.has(thrown.code)) return;
    throw toNotCurrent(thrown, "password");
  }
}

async function fromTerminal(run: Run): Promise<Passwords> {
  const { askNewPassword, askSecret } = await import("../invocation/terminal.ts");
  const current = await run.askSecret("Current password: ");
  if (current === "") throw usage("The password is empty.");
  await checkCurrent(run, current);
  return {
    current_password: current,
    new_password: await askNewPassword(run.context, () => askSecret(run.context, "New password: "), checkNewPassword),
  };
}
