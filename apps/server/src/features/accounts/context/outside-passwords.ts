import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";

/** Another server with people's passwords. Methods that ask it throw `unavailable` if it does not answer. */
export interface OutsidePasswords {
  readonly name: string;
  readonly issuer: string;
  /** The account's password is on that server; a local one does not count. */
  holds(userId: UserId): Promise<boolean>;
  /**
   * @param guard wraps each try of a person's password, since one person has many names
   * @returns undefined if nobody has this name and password
   */
  find(login: string, password: string, guard: PersonGuard): Promise<OutsidePerson | undefined>;
  isPasswordOf(userId: UserId, password: string): Promise<boolean>;
}

export type PersonGuard = (person: string, attempt: () => Promise<true | undefined>) => Promise<true | undefined>;

export interface OutsidePerson {
  /** undefined if the account does not exist yet or never will. */
  readonly account: UserRow | undefined;
  /**
   * Creates or links the account if the setting allows it, and updates it from the other server's facts.
   * @throws HoldfastError forbidden
   */
  enter(): Promise<UserRow>;
  /** Runs under the lock of the new session. @returns true if the account is still linked */
  isStill(transaction: ShardQueries, userId: UserId): Promise<boolean>;
}
