import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "../../messages/messages.ts";

/** What the server answers to a page at an address that it does not take for its own. */
export interface Foreign {
  /** Where its own pages are; undefined where it knows no better address. */
  readonly publicUrl: string | undefined;
  /** Of the server, where no Origin came: another address would do no better. */
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

/** Why nobody signs in here. @param thrown with the field Origin */
export function foreignWords(thrown: unknown, { message }: Pick<Messages, "message">): string {
  return foreignOf(thrown)?.withoutOrigin ?? message("session.foreign", { address: location.origin });
}
