import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { foreignWords } from "./foreign-address.ts";

export function passkeyWords(thrown: unknown, words: Messages): string {
  const { message } = words;
  if (thrown instanceof DOMException) {
    if (thrown.name === "InvalidStateError") return message("factor.passkeyThere");
    return message(thrown.name === "SecurityError" ? "factor.passkeyNotHere" : "factor.passkeyCanceled");
  }
  const failure = toHoldfastError(thrown);
  if (failure.field === "passkey") return message("factor.passkeyWrong");
  if (failure.field === "Origin") return foreignWords(failure, words);
  if (failure.code === "forbidden") return message("session.disabled");
  // The server names the reason.
  return failure.code === "conflict" ? failure.message : problemWords(failure, words);
}
