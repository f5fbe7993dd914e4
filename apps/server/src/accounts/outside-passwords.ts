import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";

/** A server elsewhere that has people's passwords. All that asks it throws `unavailable` where it gives no answer. */
export interface OutsidePasswords {
  /** As people know it. */
  readonly name: string;
  /** As what it is kept beside accounts. */
  readonly issuer: string;
  /** Whether the account's password is there: none that was here counts then. */
  holds(userId: UserId): Promise<boolean>;
  /**
   * Whose name and password these are; undefined where they are nobody's.
   * @param guard around trying the password of somebody, as one person has many names
   */
  find(login: string, password: string, guard: PersonGuard): Promise<OutsidePerson | undefined>;
  /** Whether it is the password of this account that it holds. */
  isPasswordOf(userId: UserId, password: string): Promise<boolean>;
}

export type PersonGuard = (person: string, attempt: () => Promise<true | undefined>) => Promise<true | undefined>;

/** Somebody who has proved there to be it. */
export interface OutsidePerson {
  /** Undefined where it is to be made, or there will be none. */
  readonly account: UserRow | undefined;
  /** Makes or links the account where the setting allows it, and gives what is said of it. @throws HoldfastError forbidden */
  enter(): Promise<UserRow>;
  /** Under the lock of the session that is about to begin. @returns whether it is linked still */
  isStill(transaction: ShardReader, userId: UserId): Promise<boolean>;
}
