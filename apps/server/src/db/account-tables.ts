import type { NotificationKind } from "@holdfast/protocol/notification-routes";
import type {
  GrantId,
  DeviceId,
  NodeId,
  NotificationId,
  PasskeyId,
  SessionId,
  SpaceId,
  TokenId,
  UserId,
} from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import type { Language, NotifySettings } from "@holdfast/protocol/account-settings";

/** The tables of accounts in the schema `shard`. */
export interface AccountTables {
  "shard.users": UserRow;
  "shard.directory": { email_key: string; user_id: UserId; confirmed: boolean; reserved_at: number };
  "shard.devices": {
    user_id: UserId;
    id: DeviceId;
    name: string;
    created_at: number;
    last_seen_at: number | null;
    browser: boolean;
  };
  "shard.notification_heads": { user_id: UserId; number: number; read_to: number };
  "shard.notifications": NotificationRow;
  "shard.sessions": {
    id: SessionId;
    user_id: UserId;
    device_id: DeviceId;
    number: number;
    number_used: boolean;
    created_at: number;
    expires_at: number;
  };
  "shard.tokens": {
    id: TokenId;
    user_id: UserId;
    name: string;
    scopes: Scope[];
    secret_hash: Buffer;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
    /** The token with which it was made; null for one that a session made. */
    maker_id: TokenId | null;
    /** It goes with the address of its account, in the place of a password, and opens files alone. */
    app: boolean;
    /** The link without a secret that holds it in one folder; null where it sees what its account sees. */
    grant_id: GrantId | null;
  };
  "shard.invitations": {
    secret_hash: Buffer;
    kind: "setup" | "invite";
    email: string | null;
    quota_bytes: number | null;
    quota_fixed: boolean;
    plan: string | null;
    created_at: number;
    expires_at: number;
    claimed_by: UserId | null;
    claimed_at: number | null;
  };
  "shard.second_factors": SecondFactorRow;
  "shard.recovery_codes": { user_id: UserId; code_hash: Buffer };
  "shard.passkeys": PasskeyRow;
  "shard.passkey_challenges": { user_id: UserId; challenge: Buffer; until: number };
  "shard.account_settings": { user_id: UserId; language: Language | null; notify: Partial<NotifySettings> };
  "shard.plans": PlanRow;
  "shard.server_facts": { name: string; value: Buffer };
}

/** What an account is asked for beside its password. */
export interface SecondFactorRow {
  user_id: UserId;
  /** Of the authenticator app, wrapped. Null where there is none. */
  secret: Buffer | null;
  /** Null: the password is enough. */
  since: number | null;
  /** One that was made and not confirmed yet. */
  next_secret: Buffer | null;
  next_at: number | null;
  /** The session that made it. */
  next_session_id: SessionId | null;
  next_failures: number;
  /** The time step of the last code that was taken. */
  last_step: number;
  /** Wrong codes since the last right one. */
  failures: number;
  failed_at: number;
  /** The same of sessions and of devices that have signed in before. */
  known_failures: number;
  known_failed_at: number;
}

/** A key pair of a person's device or password manager, of which the server knows the public half (WebAuthn). */
export interface PasskeyRow {
  user_id: UserId;
  id: PasskeyId;
  /** By which the device knows it again. */
  credential_id: Buffer;
  /** As COSE has it. */
  public_key: Buffer;
  /** Of its uses, as the device told last; 0 of one that does not count. */
  counter: number;
  /** How browsers reach it (`internal`, `usb`, …), as they told. */
  transports: string[];
  /** The name of the server for which it was made, and works. */
  rp_id: string;
  name: string;
  backed_up: boolean;
  created_at: number;
  last_used_at: number | null;
}

export interface NotificationRow {
  user_id: UserId;
  number: number;
  id: NotificationId;
  kind: NotificationKind;
  actor: UserId | null;
  node_id: NodeId | null;
  detail: Record<string, unknown>;
  at: number;
  gather_key: string | null;
  message_id: string;
}

export interface UserRow {
  id: UserId;
  email: string;
  name: string;
  password_hash: string;
  admin: boolean;
  disabled_at: number | null;
  space_id: SpaceId;
  root_id: NodeId;
  /** Since when it is known that the address is this person's; null while nobody but the person has said so. */
  email_confirmed_at: number | null;
  plan: string;
  created_at: number;
}

export interface PlanRow {
  name: string;
  quota_bytes: number | null;
  is_default: boolean;
  offered: boolean;
  spread: boolean;
}
