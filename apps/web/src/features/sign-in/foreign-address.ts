import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "../../messages/messages.ts";

/** Server's refusal of a page whose origin is not its own. */
export interface Foreign {
  /** Address of the server's own pages, if it knows a better one. */
  readonly publicUrl: string | undefined;
  /** Server's message for a request without Origin header. Another address would not help then. */
  readonly withoutOrigin: string | undefined;
}

/** @returns undefined for any other failure */
export function foreignOf(thrown: unknown): Foreign | undefined {
  const { field, body, message } = toHoldfastError(thrown);
  if (field !== "Origin") return undefined;
  const { public_url: told } = body;
  const isAddress = typeof told === "string" && /^https?:$/.test(URL.parse(told)?.protocol ?? "");
  const withoutOrigin = body["origin"] === null ? message : undefined;
  return { publicUrl: isAddress && withoutOrigin === undefined ? told : undefined, withoutOrigin };
}

/** Explains why sign-in is impossible at this address. @param thrown error with the field Origin */
export function foreignWords(thrown: unknown, { message }: Pick<Messages, "message">): string {
  return foreignOf(thrown)?.withoutOrigin ?? message("session.foreign", { address: location.origin });
}
