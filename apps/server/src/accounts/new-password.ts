import { HoldfastError } from "@holdfast/core/errors";
import { foldPassword, guessesOf, isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "./email-address.ts";
import { hashPassword } from "./passwords.ts";

/** Whose password it becomes. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/**
 * The hash of a password that an account is given: none that is tried first with every account, or with this one. Those that accounts have
 * go on working.
 * @param field in which it was sent
 * @param line in which it waits to be hashed, as of a turn
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
 * What an account's row becomes with it. A move to another address that was asked for before may be somebody else's wish, whose link would go on
 * being good for days: who moved the account by it could have the next password mailed there.
 */
export function withPassword(passwordHash: string) {
  return { password_hash: passwordHash, has_password: true, next_email: null } as const;
}

/** Among those that leaked, or what anybody knows of the account: its address, mailbox or name, or what it is an account of. */
export async function isTriedFirst(password: string, { email, name }: PasswordOwner): Promise<boolean> {
  const address = emailKey(email);
  const [mailbox = ""] = address.split("@");
  const known = new Set(
    [address, mailbox, name, ...name.split(/\s+/), "holdfast"].map((word) => foldPassword(word.trim())),
  );
  return guessesOf(password).some((guess) => known.has(guess.trim())) || (await isCommonPassword(password));
}
