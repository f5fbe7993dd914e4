import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { isSame } from "../accounts/context/secret-token.ts";
import { seal, unseal } from "./sealed.ts";

/** `link` is followed by the id of the account to link, and `prove` by that of the session to prove. */
export type Purpose = "sign-in" | `link ${string}` | `prove ${string}`;

const purpose = z
  .string()
  .refine((text) => text === "sign-in" || /^(?:link|prove) /.test(text))
  .transform((text) => text as Purpose);
const schema = z.object({
  purpose,
  redirectUri: z.string(),
  returnTo: z.string(),
  verifier: z.string(),
  state: z.string(),
  nonce: z.string(),
  untilMs: z.number(),
});

/** Encrypted state in the browser while the user is at the issuer. Other browsers cannot use the response. */
export type Leaving = z.output<typeof schema>;

type World = Pick<AccountWorld, "secrets" | "clock" | "random">;

export function sealLeaving(world: World, leaving: Omit<Leaving, "untilMs">): string {
  return seal(world, "leaving", {
    ...leaving,
    returnTo: ownPath(leaving.returnTo),
    untilMs: world.clock.nowMs() + limits.outsideSignInMs,
  });
}

export function readLeaving(world: World, kept: string | undefined, state: string): Leaving {
  const leaving = kept === undefined ? undefined : schema.safeParse(unseal(world, "leaving", kept)).data;
  const isOurs = leaving !== undefined && isSame(Buffer.from(leaving.state), Buffer.from(state));
  if (!isOurs || leaving.untilMs <= world.clock.nowMs()) {
    const message =
      "This browser did not start this sign-in, has started another one since, or the sign-in took longer than 10 minutes. Start again.";
    throw new HoldfastError("unauthenticated", message, { field: "state" });
  }
  return leaving;
}

/** Accepts only paths of this server; otherwise links to a sign-in could redirect to other sites. */
function ownPath(text: string): string {
  const base = "https://own.invalid";
  const url = /^\/(?![/\\])/.test(text) ? URL.parse(text, base) : null;
  // "/.//evil.example" resolves to a URL with a host.
  const isOwn = url !== null && url.origin === base && !url.pathname.startsWith("//") && text.length <= 2048;
  return isOwn ? url.pathname + url.search : "/files";
}
