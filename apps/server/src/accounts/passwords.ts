import { type Algorithm, hash, verify } from "@node-rs/argon2";
import type { UserId } from "@holdfast/core/ids";
import { Lanes } from "./lanes.ts";

const argon2id = 2 as Algorithm.Argon2id;
/** OWASP's password storage cheat sheet, argon2id: 19 MiB, two passes, one lane. */
const parameters = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Of this process: two at once take 38 MiB and leave threads of the pool to files and names; all that wait are done in some seconds.
 */
const lanes = new Lanes(2, 256);

/** The same work as anybody's password, and nobody's: no password is known that would hash to zeros. */
export const hashOfNobody = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Who waits for a lane. */
export interface Turn {
  /** Those of one line wait behind each other: `sourceLine`, `accountLine`. */
  readonly line: string;
  /** What is looked at again when its turn has come. What it throws is thrown. */
  readonly begin?: () => Promise<void>;
}

/** Of those who may be anybody. */
export function sourceLine(source: string): string {
  return `source ${source}`;
}

/** Of those who are known, wherever they are. */
export function accountLine(userId: UserId): string {
  return `account ${userId}`;
}

/**
 * @param line as of a turn
 * @throws HoldfastError unavailable when too many wait
 */
export function hashPassword(password: string, line?: string): Promise<string> {
  return lanes.run(() => hash(password.normalize("NFC"), parameters), line);
}

/**
 * Takes as long whether or not there is such a user: without a hash the password is checked against that of nobody.
 * @param passwordHash undefined if there is no such user
 * @throws HoldfastError unavailable when too many wait
 */
export async function isPassword(passwordHash: string | undefined, password: string, turn?: Turn): Promise<boolean> {
  const matches = await lanes.run(async () => {
    await turn?.begin?.();
    return verify(passwordHash ?? hashOfNobody, password.normalize("NFC"));
  }, turn?.line);
  return matches && passwordHash !== undefined;
}
