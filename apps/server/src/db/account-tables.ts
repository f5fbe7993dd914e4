import type { NotificationKind } from "@holdfast/protocol/notification-routes";
import type {
  DeviceId,
  GrantId,
  GroupId,
  NodeId,
  NotificationId,
  OutsideIdentityId,
  PasskeyId,
  SessionId,
  SpaceId,
  TokenId,
  UserId,
} from "@holdfast/core/ids";
import type { deviceKinds, DeviceSystem, SignInKind } from "@holdfast/protocol/device-routes";
import type { Scope } from "@holdfast/protocol/account-routes";
import type { ProgramScope } from "@holdfast/protocol/scopes";
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
  } & Partial<DeviceFacts>;
  "shard.former_devices": { user_id: UserId; device_id: DeviceId; name: string; removed_at: number };
  "shard.clearings": ClearingRow;
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
    /** When its person last proved who they are. */
    proven_at: number;
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
    /** The program that an account let in, of whose tokens this is the life. */
    client_id: string | null;
    /** All that was granted, those of OpenID Connect (`openid`, `offline_access`) too, with blanks between. */
    client_scope: string | null;
  };
  "shard.oauth_clients": OauthClientRow;
  "shard.oauth_artifacts": OauthArtifactRow;
  "shard.invitations": {
    secret_hash: Buffer;
    kind: "setup" | "invite";
    email: string | null;
    quota_bytes: number | null;
    quota_fixed: boolean;
    plan: string | null;
    /** Was mailed because something is shared with the address. */
    for_share: boolean;
    /** Whether an account made with it has shown that the address is its own: not where a token made it. */
    confirms: boolean;
    created_at: number;
    expires_at: number;
    claimed_by: UserId | null;
    claimed_at: number | null;
  };
  "shard.second_factors": SecondFactorRow;
  "shard.recovery_codes": { user_id: UserId; code_hash: Buffer };
  "shard.passkeys": PasskeyRow;
  "shard.passkey_challenges": { user_id: UserId; challenge: Buffer; until: number };
  "shard.outside_identities": OutsideIdentityRow;
  "shard.outside_directory": { identity_key: Buffer; user_id: UserId; reserved_at: number };
  "shard.outside_answers": { user_id: UserId; answer: Buffer; until: number };
  "shard.outside_memberships": { user_id: UserId; group_id: GroupId; source: "issuer" | "ldap" };
  "shard.ldap_absences": { user_id: UserId; since: number };
  "shard.ldap_runs": { id: number; tried_at: number; done_at: number | null; problem: string | null };
  "shard.access_rules": AccessRuleRow;
  "shard.provisioned_accounts": {
    user_id: UserId;
    external_id: string | null;
    removed_at: number | null;
    suspended_at: number | null;
  };
  "shard.account_settings": { user_id: UserId; language: Language | null; notify: Partial<NotifySettings> };
  "shard.plans": PlanRow;
  /** On the shard of bucket 0; `retention_cut` on each. */
  "shard.server_facts": { name: string; value: Buffer };
}

/** What is known of a device; null: before it was noted. */
export interface DeviceFacts {
  kind: (typeof deviceKinds)[number] | null;
  /** As it says itself. */
  system: DeviceSystem | null;
  /** From which it was seen last. */
  address: string | null;
  signed_in_by: SignInKind | null;
}

/** A device that was revoked, and is to remove its copies of what the server has. */
export interface ClearingRow {
  user_id: UserId;
  device_id: DeviceId;
  name: string;
  asked_at: number;
  done_at: number | null;
  removed: number;
  kept: number;
}

/** What is asked of whoever acts for an account. */
export interface AccessRuleRow {
  /** An account, a group, or `nobody` for all of the server. */
  subject_id: string;
  /** From when on there must be a second factor. Null: none is asked for. */
  factor_due_at: number | null;
  /** Networks (CIDR), as an administrator has said; empty: from anywhere. */
  addresses: string[];
  /** As the account itself has said, besides. */
  own_addresses: string[];
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

/** Somebody as an outside issuer knows them. */
export interface OutsideIdentityRow {
  user_id: UserId;
  id: OutsideIdentityId;
  /** SHA-256 over issuer and subject. */
  identity_key: Buffer;
  issuer: string;
  subject: string;
  /** As the issuer said last; only shown. */
  email: string | null;
  created_at: number;
  last_used_at: number | null;
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

/** A program that an administrator has registered. */
export interface OauthClientRow {
  id: string;
  name: string;
  redirect_uris: string[];
  /** Where browsers may go on once somebody is signed out. */
  post_logout_redirect_uris: string[];
  scopes: ProgramScope[];
  /** Null: a public one. */
  secret_hash: Buffer | null;
  created_at: number;
}

/** A code, a token, or a question that waits for a person's answer. */
export interface OauthArtifactRow {
  id_hash: Buffer;
  kind: string;
  user_id: UserId | null;
  token_id: TokenId | null;
  user_code_hash: Buffer | null;
  payload: Record<string, unknown>;
  consumed_at: number | null;
  expires_at: number;
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
  /** False: nobody knows one here. */
  has_password: boolean;
  admin: boolean;
  disabled_at: number | null;
  /** Its owner deleted it: from then on it is shredded, and suspended until then. */
  leaving_until: number | null;
  space_id: SpaceId;
  root_id: NodeId;
  /** Since when it is known that the address is this person's; null while nobody but the person has said so. */
  email_confirmed_at: number | null;
  /** True if a former address of the account was confirmed. */
  was_confirmed: boolean;
  /** To which it moves once its person has shown that it is theirs. */
  next_email: string | null;
  /** When an identity system gave it another address; null once its person has signed in after that. */
  readdressed_at: number | null;
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
