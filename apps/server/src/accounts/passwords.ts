import { type Algorithm, hash, verify } from "@node-rs/argon2";
import { Lanes } from "./lanes.ts";

const argon2id = 2 as Algorithm.Argon2id;
/** OWASP's password storage cheat sheet, argon2id: 19 MiB, two passes, one lane. */
const parameters = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Of this process: two at once take 38 MiB and leave threads of the pool to files and names; the line is some seconds long.
 */
const lanes = new Lanes(2, 256);

/** The same work as anybody's password, and nobody's: no password is known that would hash to zeros. */
export const hashOfNobody = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

/** @throws HoldfastError unavailable when too many wait */
export function hashPassword(password: string): Promise<string> {
  return lanes.run(() => hash(password.normalize("NFC"), parameters));
}

/**
 * Takes as long whether or not there is such a user: without a hash the password is checked against that of nobody.
 * @param passwordHash undefined if there is no such user
 * @throws HoldfastError unavailable when too many wait
 */
export async function isPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const matches = await lanes.run(() => verify(passwordHash ?? hashOfNobody, password.normalize("NFC")));
  return matches && passwordHash !== undefined;
}
