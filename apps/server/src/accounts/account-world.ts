import type { Clock, Random } from "@holdfast/core/clock";
import type { GrantId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import type { Language } from "@holdfast/protocol/account-settings";
import type { AccountTables, UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { Role } from "../rights/roles.ts";
import type { Caller } from "./caller.ts";
import type { OutsidePasswords } from "./outside-passwords.ts";
import type { IssuerBound } from "./overdue.ts";
import type { SecurityChange } from "./security-change.ts";
import type { SecretWrapper, ServerSecrets } from "./server-secrets.ts";

/** Where accounts are kept: enough to administer them without being the server that signs people in. */
export interface AccountStore {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** What was shared with the address is theirs: at once, and by a message should that fail. Undefined beside the data. */
  readonly onConfirmed?: (userId: UserId) => Promise<void>;
  /**
   * Mails an account, in a transaction on its shard, what of it was changed, as it may not have been the person. Undefined beside the data.
   * @param address that it had until now, where it has another one
   */
  readonly tellSecurity?: (
    transaction: ShardReader,
    userId: UserId,
    what: SecurityChange,
    address?: string,
  ) => Promise<void>;
  /** Sessions or tokens of this account have ended: what waits with them is to hear of it at once. Undefined beside the data. */
  readonly onEnded?: (spaceId: SpaceId) => void;
  /** A message was put into the queue of the account's shard. Undefined beside the data: a server finds it by itself. */
  readonly queued?: (userId: UserId) => void;
}

/** What every part of the accounts is given from outside. */
export interface AccountWorld extends AccountStore {
  readonly secrets: ServerSecrets;
  /** Of what an account itself keeps secret. */
  readonly wrapper: SecretWrapper;
  readonly throttle: SignInThrottle;
  /** Counts the accounts that open registration makes; to it each is a failure. */
  readonly signUps: SignInThrottle;
  /** Anybody may make an account, without an invitation. */
  readonly openRegistration?: boolean;
  /** The issuer by which everybody but administrators signs in, as people know it; undefined: passwords are for all. */
  readonly onlyThrough?: string | undefined;
  /** Who has passwords besides; undefined: all are here. */
  readonly outsidePasswords?: OutsidePasswords | undefined;
  /** Undefined: whoever came through an issuer once stays signed in. */
  readonly issuerBound: IssuerBound | undefined;
  /** Tells a user's other devices of a new one, in the transaction that makes it. */
  readonly tellDevice?: (transaction: ShardReader, device: AccountTables["shard.devices"]) => Promise<void>;
  /** The folder to which an app password of this caller is to be confined. @throws HoldfastError not_found, invalid_field */
  readonly openAppFolder?: (caller: Caller, id: string) => Promise<AppFolder>;
  /** After which a browser signs in again, however much it was used; undefined: it stays signed in while it is used. */
  readonly browserSessionMs?: number | undefined;
  /** Everybody who is signed in may look for everybody's name. */
  readonly openDirectory?: boolean;
  /** How long an account that its owner deleted can be taken back. */
  readonly graceMs: number;
  /** Lifetimes in force, by their names among the limits of an account. */
  readonly lifetimes: Readonly<Record<string, number>>;
  /** Mails an account that is leaving until when it can be taken back, in a transaction on its shard. */
  readonly tellLeaving?: (transaction: ShardReader, user: UserRow, until: number) => Promise<void>;
  /** Of accounts that chose none; English unless told. */
  readonly language?: Language;
}

/** A folder that is all that an app password sees. */
export interface AppFolder {
  readonly folderId: NodeId;
  /** What `give` makes, which opens nothing but while a token names it. */
  readonly grantId: GrantId;
  readonly give: (link: { readonly name: string; readonly role: Exclude<Role, "owner"> }) => Promise<void>;
}

/** Counts failures of secrets that people type or guess, under keys that accounts choose. */
export interface SignInThrottle {
  /** @throws HoldfastError rate_limited after repeated failures under this key */
  check(key: string): Promise<void>;
  /** @param weight less than 1 where more failures are let through */
  failed(key: string, weight?: number): Promise<void>;
}
