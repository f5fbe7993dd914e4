import { HoldfastError } from "@holdfast/core/errors";
import type { Run } from "./run.ts";

const triesMax = 3;

/**
 * Calls `act`, and on a terminal asks for a code again while it is wrong. Without a terminal, or with a given code, the
 * server's error is final.
 * @param given code from an option
 * @param words question for an app's code, and advice for an account with only passkeys
 */
export async function askingAgain<Result>(
  run: Run,
  given: string | undefined,
  act: (totp: string | undefined) => Promise<Result>,
  { appQuestion = "Code from the authenticator app (or a recovery code): ", passkeysAlone = passkeysInBrowser } = {},
): Promise<Result> {
  for (let tries = 0, totp = given; ; tries += 1) {
    try {
      return await act(totp);
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.code !== "second_factor") throw thrown;
      if (given === undefined && run.context.stdin.isTTY !== true) {
        throw new HoldfastError("second_factor", sayCode(thrown, passkeysAlone), { cause: thrown });
      }
      if (given !== undefined || tries === triesMax) throw thrown;
      if (totp !== undefined) run.output.say(thrown.message);
      const { ask } = await import("./terminal.ts");
      totp = await ask(
        run.context,
        hasApp(thrown) ? appQuestion : `${withoutApp(thrown, passkeysAlone)} Recovery code: `,
      );
    }
  }
}

const passkeysInBrowser = "Passkeys only work in a browser. Use a recovery code here (--totp CODE).";

function factorsOfAnswer({ body }: HoldfastError): readonly unknown[] {
  const factors = body["factors"];
  return Array.isArray(factors) ? factors : ["app"];
}

function hasApp(thrown: HoldfastError): boolean {
  return factorsOfAnswer(thrown).includes("app");
}

function withoutApp(thrown: HoldfastError, passkeysAlone: string): string {
  return factorsOfAnswer(thrown).includes("passkey")
    ? passkeysAlone
    : "This account needs a recovery code (--totp CODE).";
}

function sayCode(thrown: HoldfastError, passkeysAlone: string): string {
  return hasApp(thrown) ? "This account has a second factor. Add --totp CODE." : withoutApp(thrown, passkeysAlone);
}
