import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { Run } from "./run.ts";
import { askingAgain } from "./asking-again.ts";

const triesMax = 3;

/**
 * Asks for the password, and the second factor if required. The server requires this for some actions if the sign-in
 * was too long ago.
 * @throws HoldfastError proof_required without a terminal; unauthenticated if the password stays wrong
 */
export async function prove(run: Run, client: ApiClient): Promise<void> {
  if (run.context.stdin.isTTY !== true) {
    const message =
      "You must confirm your identity, because you signed in a while ago. Run 'holdfast login' again first, or use a token (HOLDFAST_TOKEN). Nothing was done.";
    throw new HoldfastError("proof_required", message);
  }
  const { askSecret } = await import("./terminal.ts");
  run.output.say("You must confirm your identity, because you signed in a while ago.");
  for (let tries = 1; ; tries += 1) {
    const password = await askSecret(run.context, "Password: ");
    if (password === "") throw new HoldfastError("usage", "The password is empty. Nothing was done.");
    try {
      await askingAgain(run, undefined, (totp) =>
        client.call("proveSession", { body: { password, ...(totp === undefined ? {} : { totp }) }, asksOnce: true }),
      );
      return;
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.field !== "password") throw thrown;
      const isLast = tries === triesMax;
      const message = isLast ? "Wrong password. Nothing was done." : "Wrong password.";
      if (isLast) throw new HoldfastError("unauthenticated", message, { cause: thrown });
      run.output.say(message);
    }
  }
}
