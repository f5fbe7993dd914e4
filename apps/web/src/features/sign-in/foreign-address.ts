import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "../../messages/messages.ts";

export interface Foreign {
  /** A better address, if the server knows one. */
  readonly publicUrl: string | undefined;
  /** Message for a request without Origin, which another address would not fix. */
  readonly withoutOrigin: string | undefined;
}

/** @returns undefined for any other failure */
export function foreignOf(thrown: unknown): Foreign | undefined {
  const { field, body, message } = toHoldfastError(thrown);
  if (field !== "Origin") return undefined;
  const { public_url: address } = body;
  const isAddress = typeof address === "string" && /^https?:$/.test(URL.parse(address)?.protocol ?? "");
  const withoutOrigin = body["origin"] === null ? message : undefined;
  return { publicUrl: isAddress && withoutOrigin === undefined ? address : undefined, withoutOrigin };
}

/** @param thrown error with the field Origin */
export function foreignWords(thrown: unknown, { message }: Pick<Messages, "message">): string {
  return foreignOf(thrown)?.withoutOrigin ?? message("session.foreign", { address: location.origin });
}
