import type { Bucket, DeviceId, NodeId, SessionId, SpaceId, TokenId, UserId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";

/** Who makes a request, as proved by a live session or personal access token. */
export interface Caller {
  readonly userId: UserId;
  readonly email: string;
  readonly bucket: Bucket;
  /** The caller's own space and its root folder, which `root` stands for. */
  readonly spaceId: SpaceId;
  readonly rootId: NodeId;
  readonly deviceId: DeviceId | null;
  readonly credential:
    | { readonly kind: "session"; readonly id: SessionId }
    | { readonly kind: "token"; readonly id: TokenId };
  readonly scopes: ReadonlySet<Scope>;
  /** An administrator; routes of the scope `admin` need both. */
  readonly admin: boolean;
}
