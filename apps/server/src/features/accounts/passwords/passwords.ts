import { type Algorithm, hash, verify } from "@node-rs/argon2";
import type { UserId } from "@holdfast/core/ids";
import { Lanes } from "./lanes.ts";

const argon2id = 2 as Algorithm.Argon2id;
/** OWASP password storage cheat sheet: argon2id with 19 MiB, two passes, one lane. */
const parameters = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Two take 38 MiB and leave threads of the pool to file and name look-ups. 256 waiting tasks finish within seconds. */
const lanes = new Lanes(2, 256);

/** Costs as much work as a real hash, but matches no known password. */
export const hashOfNobody = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

export interface Turn {
  /** Tasks of a line wait behind each other, see `sourceLine` and `accountLine`. */
  readonly line: string;
  /** Runs when the turn comes; its errors are passed on. */
  readonly begin?: () => Promise<void>;
}

export function sourceLine(source: string): string {
  return `source ${source}`;
}

export function accountLine(userId: UserId): string {
  return `account ${userId}`;
}

/** @throws HoldfastError unavailable when too many wait */
export function hashPassword(password: string, line?: string): Promise<string> {
  return lanes.run(() => hash(password.normalize("NFC"), parameters), line);
}

/**
 * Takes equally long for missing users: without a hash it checks `hashOfNobody`.
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
