import { type Algorithm, hash, verify } from "@node-rs/argon2";

const argon2id = 2 as Algorithm.Argon2id;
/** OWASP's password storage cheat sheet, argon2id: 19 MiB, two passes, one lane. */
const parameters = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize("NFC"), parameters);
}

/**
 * Takes as long whether or not there is such a user: without a hash the password is checked against that of nobody.
 * @param passwordHash undefined if there is no such user
 */
export async function isPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword("the password of nobody");
  const matches = await verify(passwordHash ?? (await nobody), password.normalize("NFC"));
  return matches && passwordHash !== undefined;
}

let nobody: Promise<string> | undefined;
