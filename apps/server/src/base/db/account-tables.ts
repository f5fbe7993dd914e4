import type {
  Bucket,
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
import type { Language, NotificationKind, NotifySettings } from "@holdfast/protocol/account-settings";

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
    /** Last proof of identity. */
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
    /** Token that created this one; null if a session created it. */
    maker_id: TokenId | null;
    /** App password: used with the account's address instead of the password, only for access to files. */
    app: boolean;
    /** Link without a secret that limits the token to one folder; null: the whole view of its account. */
    grant_id: GrantId | null;
    /** Program that the account granted access. The token represents this consent. */
    client_id: string | null;
    /** All granted scopes separated by spaces, including those of OpenID Connect (`openid`, `offline_access`). */
    client_scope: string | null;
  };
  "shard.oauth_clients": OauthClientRow;
  "shard.oauth_artifacts": OauthArtifactRow;
  "shard.invitations": {
    secret_hash: Buffer;
    /** As in its token; null: made by an earlier version. */
    bucket: Bucket | null;
    kind: "setup" | "invite";
    email: string | null;
    quota_bytes: number | null;
    quota_fixed: boolean;
    plan: string | null;
    /** Mailed because something was shared with the address. */
    for_share: boolean;
    /** Creating an account confirms the address. False for a token's invitation. */
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
  /** On the shard of bucket 0; `retention_cut` is on each. */
  "shard.server_facts": { name: string; value: Buffer };
}

/** null: registered before these facts were recorded */
export interface DeviceFacts {
  kind: (typeof deviceKinds)[number] | null;
  /** Reported by the device. */
  system: DeviceSystem | null;
  address: string | null;
  signed_in_by: SignInKind | null;
}

export interface ClearingRow {
  user_id: UserId;
  device_id: DeviceId;
  name: string;
  asked_at: number;
  done_at: number | null;
  removed: number;
  kept: number;
}

export interface AccessRuleRow {
  /** An account, a group, or `nobody` for the whole server. */
  subject_id: string;
  /** Time from which a second factor is required; null: not required. */
  factor_due_at: number | null;
  /** Networks (CIDR) set by an administrator; empty: no limit. */
  addresses: string[];
  /** Additional limit set by the account itself. */
  own_addresses: string[];
}

export interface SecondFactorRow {
  user_id: UserId;
  /** Secret of the authenticator app, wrapped; null: none. */
  secret: Buffer | null;
  /** null: the password is enough */
  since: number | null;
  /** Not confirmed yet. */
  next_secret: Buffer | null;
  next_at: number | null;
  next_session_id: SessionId | null;
  next_failures: number;
  /** Time step of the last accepted code. */
  last_step: number;
  /** Wrong codes since the last correct one. */
  failures: number;
  failed_at: number;
  /** For sessions and devices that have signed in before. */
  known_failures: number;
  known_failed_at: number;
}

export interface OutsideIdentityRow {
  user_id: UserId;
  id: OutsideIdentityId;
  /** SHA-256 of issuer and subject. */
  identity_key: Buffer;
  issuer: string;
  subject: string;
  /** Last address reported by the issuer; only displayed. */
  email: string | null;
  created_at: number;
  last_used_at: number | null;
}

export interface PasskeyRow {
  user_id: UserId;
  id: PasskeyId;
  /** Id by which the device finds it. */
  credential_id: Buffer;
  /** COSE. */
  public_key: Buffer;
  /** Uses last reported by the device; 0 if it does not count. */
  counter: number;
  transports: string[];
  /** Name of the server for which it was created and is valid. */
  rp_id: string;
  name: string;
  backed_up: boolean;
  created_at: number;
  last_used_at: number | null;
}

export interface OauthClientRow {
  id: string;
  name: string;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  scopes: ProgramScope[];
  /** null: a public client */
  secret_hash: Buffer | null;
  created_at: number;
}

/** Code, token, or a request that waits for consent. */
export interface OauthArtifactRow {
  id_hash: Buffer;
  /** As in its ID, or 0; null: made by an earlier version. */
  bucket: Bucket | null;
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
  /** false: no usable password exists */
  has_password: boolean;
  admin: boolean;
  disabled_at: number | null;
  /** The account, which its owner deleted, is suspended until then and shredded afterwards. */
  leaving_until: number | null;
  space_id: SpaceId;
  root_id: NodeId;
  /** null: not confirmed */
  email_confirmed_at: number | null;
  /** A former address was confirmed. */
  was_confirmed: boolean;
  /** Future address, until the person confirms it. */
  next_email: string | null;
  /** Time at which an identity system changed the address; null after the person's next sign-in. */
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
