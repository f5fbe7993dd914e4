import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { foldPassword, isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "./email-address.ts";
import { hashPassword } from "./passwords.ts";

/** Whose password it becomes. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/** Shorter parts of a name stand in words that have nothing to do with it. */
const ownWordMin = 3;

/**
 * The hash of a password that an account is given: none that is tried first with every account, or with this one. Those that accounts have
 * go on working.
 * @param field in which it was sent
 * @throws HoldfastError invalid_field with the reason `common_password`, unavailable when too many wait
 */
export async function hashNewPassword(password: string, owner: PasswordOwner, field: string): Promise<string> {
  if ((await isCommonPassword(password)) || (await isOwnPassword(password, owner))) {
    throw new HoldfastError("invalid_field", "This password is among those that are tried first. Take another one.", {
      field,
      body: { reason: "common_password" },
    });
  }
  return hashPassword(password);
}

/** Has the whole address in it, or is too short, or tried first, without what anybody knows of the account. */
async function isOwnPassword(password: string, owner: PasswordOwner): Promise<boolean> {
  const given = foldPassword(password);
  if (given.includes(foldPassword(emailKey(owner.email)))) return true;
  let rest = given;
  for (const word of ownWords(owner)) rest = rest.replaceAll(word, "");
  return rest !== given && (Buffer.byteLength(rest) < limits.passwordBytesMin || (await isCommonPassword(rest)));
}

/** The longest first, so that no part of a name takes the whole one apart. */
function ownWords({ email, name }: PasswordOwner): string[] {
  const [mailbox = ""] = emailKey(email).split("@");
  const words = [mailbox, ...mailbox.split(/[._+-]/), name, ...name.split(/\s+/), "holdfast"].map((word) =>
    foldPassword(word.trim()),
  );
  return [...new Set(words)]
    .filter((word) => word.length >= ownWordMin)
    .toSorted((left, right) => right.length - left.length);
}
