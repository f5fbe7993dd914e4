import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { ShardReader } from "../../base/db/shard-tables.ts";

/** Another server that has people's passwords. Each method that asks it throws `unavailable` if it does not answer. */
export interface OutsidePasswords {
  readonly name: string;
  readonly issuer: string;
  /** Returns true if the account's password is on the other server; a local one does not count then. */
  holds(userId: UserId): Promise<boolean>;
  /**
   * Finds the person with this name and password; undefined if nobody has them.
   * @param guard wraps each try of somebody's password, since one person has many names
   */
  find(login: string, password: string, guard: PersonGuard): Promise<OutsidePerson | undefined>;
  isPasswordOf(userId: UserId, password: string): Promise<boolean>;
}

export type PersonGuard = (person: string, attempt: () => Promise<true | undefined>) => Promise<true | undefined>;

export interface OutsidePerson {
  /** Undefined if the account is yet to be made, or will not exist. */
  readonly account: UserRow | undefined;
  /**
   * Makes or links the account if the setting allows it, and updates it with what the server says of the person.
   * @throws HoldfastError forbidden
   */
  enter(): Promise<UserRow>;
  /** Runs under the lock of the session that is about to begin. @returns true if the account is still linked */
  isStill(transaction: ShardReader, userId: UserId): Promise<boolean>;
}
