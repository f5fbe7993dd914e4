import type { Provider } from "oidc-provider";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { sealSignOutRequest } from "../../features/oauth/sign-out-requests.ts";
import type { LooseAnswer } from "../exchange/answer.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import { assertQuestionAddress, questionBytesMax } from "./waiting-questions.ts";

export const signOutPath = "/oauth/end";

interface SignOutAsked {
  readonly method: string;
  readonly url: string;
  readonly stream: AsyncIterable<Uint8Array>;
}

/**
 * Answers programs that redirect a browser to sign a user out. It redirects to the app, which asks the user, and signs
 * nobody out. Nothing is stored, so repeated requests by strangers leave nothing behind.
 */
export async function answerSignOut(
  world: AccountWorld,
  provider: Provider,
  { method, url, stream }: SignOutAsked,
): Promise<LooseAnswer> {
  assertQuestionAddress(url);
  const said =
    method === "POST" ? await readBounded(stream, questionBytesMax, "A form") : url.slice(signOutPath.length);
  const form = new URLSearchParams(Buffer.from(said).toString());
  const sealed = await sealSignOutRequest(world, provider, form);
  // Follows the #, so that it is not logged.
  return { status: 303, headers: { location: `/sign-out#${sealed}`, "cache-control": "no-store" } };
}
