import type { Clock, Random } from "@holdfast/core/clock";
import type { GrantId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import type { Language } from "@holdfast/protocol/account-settings";
import type { AccountTables, UserRow } from "../../base/db/account-tables.ts";
import type { ShardReader } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Role } from "../../tree/rights/roles.ts";
import type { Caller } from "./caller.ts";
import type { OutsidePasswords } from "./outside-passwords.ts";
import type { IssuerBound } from "./overdue.ts";
import type { SecurityChange } from "./security-change.ts";
import type { SecretWrapper, ServerSecrets } from "./server-secrets.ts";

/** Administers accounts without signing people in. Hooks are undefined for commands beside the data. */
export interface AccountStore {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** Gives shares with the address to the account, by a message if that fails. */
  readonly onConfirmed?: (userId: UserId) => Promise<void>;
  /**
   * Mails an account, in a transaction on its shard, that something was changed, possibly not by its owner.
   * @param address previous address, after a change of it
   */
  readonly tellSecurity?: (
    transaction: ShardReader,
    userId: UserId,
    what: SecurityChange,
    address?: string,
  ) => Promise<void>;
  /** Notifies requests that wait with ended sessions or tokens of the account. */
  readonly onEnded?: (spaceId: SpaceId) => void;
  /** Reports a new message in the queue of the account's shard. */
  readonly queued?: (userId: UserId) => void;
}

/** Times of last use are stored to the minute, so that busy devices and links do not write on each request. */
export const seenGrainMicros = 60_000_000;

export interface AccountWorld extends AccountStore {
  readonly secrets: ServerSecrets;
  readonly wrapper: SecretWrapper;
  readonly throttle: SignInThrottle;
  /** Counts the accounts created by open registration, each as a failure. */
  readonly signUps: SignInThrottle;
  readonly openRegistration?: boolean;
  /** Name of the issuer through which all but administrators must sign in; undefined: everybody may use passwords. */
  readonly onlyThrough?: string | undefined;
  /** Undefined: all passwords are stored here. */
  readonly outsidePasswords?: OutsidePasswords | undefined;
  /** Undefined: a person who signed in through an issuer stays signed in. */
  readonly issuerBound: IssuerBound | undefined;
  /** Notifies a user's other devices of a new one, in the transaction that creates it. */
  readonly tellDevice?: (transaction: ShardReader, device: AccountTables["shard.devices"]) => Promise<void>;
  /** Opens the folder to which an app password will be confined. @throws HoldfastError not_found, invalid_field */
  readonly openAppFolder?: (caller: Caller, id: string) => Promise<AppFolder>;
  /** Lifetime of a browser session, however much it is used; undefined: unlimited while it is used. */
  readonly browserSessionMs?: number | undefined;
  /** Every signed-in account may search for all names. */
  readonly openDirectory?: boolean;
  /** Time to restore an account that its owner deleted. */
  readonly graceMs: number;
  /** Keyed by their names in the limits of an account. */
  readonly lifetimes: Readonly<Record<string, number>>;
  /** Mails a leaving account its deadline, in a transaction on its shard. */
  readonly tellLeaving?: (transaction: ShardReader, user: UserRow, until: number) => Promise<void>;
  /** Language of accounts that chose none. Default: English. */
  readonly language?: Language;
}

export interface AppFolder {
  readonly folderId: NodeId;
  /** Grant created by `give`. It gives access only while a token names it. */
  readonly grantId: GrantId;
  readonly give: (link: { readonly name: string; readonly role: Exclude<Role, "owner"> }) => Promise<void>;
}

/** Counts failures with guessable secrets, under keys that accounts choose. */
export interface SignInThrottle {
  /** @throws HoldfastError rate_limited after repeated failures under this key */
  check(key: string): Promise<void>;
  /** @param weight below 1 permits more failures */
  failed(key: string, weight?: number): Promise<void>;
}
