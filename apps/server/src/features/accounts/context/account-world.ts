import type { Clock, Random } from "@holdfast/core/clock";
import type { GrantId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import type { Language } from "@holdfast/protocol/account-settings";
import type { AccountTables, UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import type { Role } from "../../../tree/rights/roles.ts";
import type { Caller } from "./caller.ts";
import type { OutsidePasswords } from "./outside-passwords.ts";
import type { IssuerBound } from "./overdue.ts";
import type { SecurityChange } from "./security-change.ts";
import type { SecretWrapper, ServerSecrets } from "./server-secrets.ts";

/** Administers accounts without sign-in. Commands beside the data set no hooks. */
export interface AccountStore {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** Gives the account the shares with its address. After a failure, a message retries this. */
  readonly onConfirmed?: (userId: UserId) => Promise<void>;
  /**
   * Mails an account about a change that a stranger may have made, in a transaction on its shard.
   * @param address previous address, after a change of it
   */
  readonly notifySecurity?: (
    transaction: ShardQueries,
    userId: UserId,
    what: SecurityChange,
    address?: string,
  ) => Promise<void>;
  /** Wakes requests that wait with ended credentials of the account. */
  readonly onEnded?: (spaceId: SpaceId) => void;
  /** The queue of the account's shard has a new message. */
  readonly queued?: (userId: UserId) => void;
}

/** A time of last use is stored at most once per minute, so that most requests write nothing. */
export const seenGrainMicros = 60_000_000;

export interface AccountWorld extends AccountStore {
  readonly secrets: ServerSecrets;
  readonly wrapper: SecretWrapper;
  readonly throttle: SignInThrottle;
  /** Counts accounts created by open registration, as failures. */
  readonly signUps: SignInThrottle;
  readonly openRegistration?: boolean;
  /** Name of the issuer through which all but administrators must sign in; undefined: everybody may use passwords. */
  readonly onlyThrough?: string | undefined;
  /** undefined: all passwords are stored here. */
  readonly outsidePasswords?: OutsidePasswords | undefined;
  /** Undefined: a person who signed in through an issuer stays signed in. */
  readonly issuerBound: IssuerBound | undefined;
  /** Notifies the user's other devices, in the transaction that creates the new one. */
  readonly notifyDevice?: (transaction: ShardQueries, device: AccountTables["shard.devices"]) => Promise<void>;
  /** Opens the folder of a confined app password. @throws HoldfastError not_found, invalid_field */
  readonly openAppFolder?: (caller: Caller, id: string) => Promise<AppFolder>;
  /** Maximum lifetime of a browser session, however much it is used; undefined: unlimited while used. */
  readonly browserSessionMs?: number | undefined;
  /** Every signed-in account may search all names. */
  readonly openDirectory?: boolean;
  /** Time from a deletion by the owner, or a removal by an identity system, until shredding. */
  readonly graceMs: number;
  /** Keyed by the names in an account's limits. */
  readonly lifetimes: Readonly<Record<string, number>>;
  /** Mails the deadline to a leaving account, in a transaction on its shard. */
  readonly notifyLeaving?: (transaction: ShardQueries, user: UserRow, until: number) => Promise<void>;
  /** Language of accounts that chose none. Default: English. */
  readonly language?: Language;
  /** Shown on pages, in mails and in authenticator apps. */
  readonly serverName: string;
}

export interface AppFolder {
  readonly folderId: NodeId;
  /** Created by `give`; gives access only while a token names it. */
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
