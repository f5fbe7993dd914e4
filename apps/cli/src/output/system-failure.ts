import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "@holdfast/disk/disk-error";

const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the filesystem is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "part of the path is not a folder",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links form a loop",
  ENAMETOOLONG: "the name is too long",
};

/** Adds words and the path, so that a person can act on the error. */
export function toSentence(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError && thrown.code === "store_full" && isDiskHereFull(thrown)) {
    return new HoldfastError("store_full", `The disk here is full. ${thrown.message}`, { cause: thrown });
  }
  const errno = errnoOf(thrown);
  if (errno === undefined || words[errno] === undefined) return fieldInSentence(toHoldfastError(thrown));
  if (thrown instanceof HoldfastError) return inWords(thrown, errno, words[errno]);
  const path: unknown = thrown instanceof Error ? Reflect.get(thrown, "path") : undefined;
  if (typeof path !== "string") return toHoldfastError(thrown);
  const advice =
    errno === "EACCES" || errno === "EPERM" ? " Check its owner and permissions, and those of its parent folders." : "";
  return new HoldfastError("failed", `${path}: ${words[errno]} (${errno}).${advice}`, { cause: thrown });
}

/** A server message may begin with a field name: "email: is not an e-mail address." */
function fieldInSentence(error: HoldfastError): HoldfastError {
  const { code, field, body, message } = error;
  if (field === undefined || !message.startsWith(`${field}: `)) return error;
  const rest = message.slice(field.length + 2);
  const sentence = /^(?:is|must|has|does|goes) /.test(rest)
    ? `The field "${field}" ${rest}`
    : `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`;
  return new HoldfastError(code, sentence, { field, body, cause: error });
}

/**
 * Distinguishes a full local disk from a full server by the system's error code, which servers do not return.
 * @param error with the code `store_full`
 */
export function isDiskHereFull({ message }: { readonly message: string }): boolean {
  return /\((?:ENOSPC|EDQUOT)\)/.test(message);
}

function inWords(error: HoldfastError, errno: string, meaning: string): HoldfastError {
  const message = error.message.replace(`(${errno})`, `(${meaning}, ${errno})`);
  return message === error.message ? error : new HoldfastError(error.code, message, { cause: error, body: error.body });
}
