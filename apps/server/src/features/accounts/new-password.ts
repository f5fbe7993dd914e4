import { HoldfastError } from "@holdfast/core/errors";
import { foldPassword, guessesOf, isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "./email-address.ts";
import { hashPassword } from "./passwords.ts";

export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/**
 * Hashes a new password, which must not be among the first guesses for every account or for this one. Existing
 * passwords are not checked.
 * @param line line in which the hashing waits, see `Turn`
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
 * Columns of an account that gets a new password. A pending change of address is dropped, because somebody else may
 * have asked for it. Its link works for days, and through it they could have the next password mailed to themselves.
 */
export function withPassword(passwordHash: string) {
  return { password_hash: passwordHash, has_password: true, next_email: null } as const;
}

/** True for a leaked password, and for the account's address, mailbox or name, or "holdfast". */
export async function isTriedFirst(password: string, { email, name }: PasswordOwner): Promise<boolean> {
  const address = emailKey(email);
  const [mailbox = ""] = address.split("@");
  const known = new Set(
    [address, mailbox, name, ...name.split(/\s+/), "holdfast"].map((word) => foldPassword(word.trim())),
  );
  return guessesOf(password).some((guess) => known.has(guess.trim())) || (await isCommonPassword(password));
}
