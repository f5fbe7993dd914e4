import { HoldfastError } from "@holdfast/core/errors";
import { foldPassword, guessesOf, isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "../context/email-address.ts";
import { hashPassword } from "./passwords.ts";

export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/**
 * Hashes a new password. Rejects the first guesses for every account and for this one. Existing passwords are not
 * checked.
 * @param line see `Turn`
 * @throws HoldfastError invalid_field with the reason `common_password`, unavailable when too many wait
 */
export async function hashNewPassword(
  password: string,
  owner: PasswordOwner,
  field: string,
  line?: string,
): Promise<string> {
  if (await isTriedFirst(password, owner)) {
    throw new HoldfastError("invalid_field", "This password is too easy to guess. Choose another one.", {
      field,
      body: { reason: "common_password" },
    });
  }
  return hashPassword(password, line);
}

/**
 * Columns of an account with a new password. Drops a pending change of address: a stranger may have requested it, and
 * its link, valid for days, would let them receive the next password reset.
 */
export function withPassword(passwordHash: string) {
  return { password_hash: passwordHash, has_password: true, next_email: null } as const;
}

/** True for a leaked password, the account's address, mailbox or name, and "holdfast". */
export async function isTriedFirst(password: string, { email, name }: PasswordOwner): Promise<boolean> {
  const address = emailKey(email);
  const [mailbox = ""] = address.split("@");
  const known = new Set(
    [address, mailbox, name, ...name.split(/\s+/), "holdfast"].map((word) => foldPassword(word.trim())),
  );
  return guessesOf(password).some((guess) => known.has(guess.trim())) || (await isCommonPassword(password));
}
