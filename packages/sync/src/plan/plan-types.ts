import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, DiskPlace, LocalRow, NodeState, Place, RemoteRow } from "../model/trees.ts";

/** Change to send to the server. It contains its basis, and the server rejects it if that has changed. */
export type RemoteOperation = { readonly id: NodeId; readonly group?: string } & (
  | { readonly op: "mkdir"; readonly place: Place; readonly isPrivate?: boolean | undefined }
  | { readonly op: "symlink"; readonly place: Place; readonly content: ContentKey }
  | { readonly op: "create"; readonly place: Place; readonly local: LocalRow }
  /**
   * `executable` or `isPrivate` undefined: unchanged. `revive`: restores the node from the trash to that place, with
   * its history.
   */
  | {
      readonly op: "put";
      readonly local: LocalRow;
      readonly base: RemoteRow;
      readonly executable: boolean | undefined;
      readonly isPrivate: boolean | undefined;
      readonly revive: Place | undefined;
    }
  /** `held`: content that both sides have of a restored node. */
  | {
      readonly op: "move";
      readonly place: Place;
      readonly base: RemoteRow;
      readonly revive: boolean;
      readonly held?: ContentKey | undefined;
    }
  | {
      readonly op: "set";
      readonly executable: boolean | undefined;
      readonly isPrivate: boolean | undefined;
      readonly base: RemoteRow;
    }
  | { readonly op: "delete"; readonly base: RemoteRow; readonly seen: number | undefined }
);

type Mode = Pick<NodeState, "executable" | "isPrivate">;

/** Change of the disk. The disk is checked before and after. */
export type LocalOperation = { readonly id: NodeId } & (
  | { readonly op: "create"; readonly place: DiskPlace; readonly remote: RemoteRow }
  /** Brings the server's content. The mode is merged separately and may be local. */
  | ({ readonly op: "replace"; readonly local: LocalRow; readonly remote: RemoteRow } & Mode)
  | { readonly op: "move"; readonly local: LocalRow; readonly place: DiskPlace }
  | ({ readonly op: "set"; readonly local: LocalRow } & Mode)
  /** `into`: a person must be able to reach bytes that the server lacks. */
  | { readonly op: "delete"; readonly local: LocalRow; readonly into: "trash" | "quarantine" }
  /** Frees the name before the node can be placed. Its row stays. */
  | { readonly op: "park"; readonly local: LocalRow }
  /**
   * Gives the local bytes of a conflict their own name and node before the server's replace them.
   * - `onto`: earlier copy on the server whose next version they become. Without an exchange on the disk, they get the
   *   name instead.
   * - `parent`: folder of the name
   * - `isPrivate`: privacy of the original
   */
  | {
      readonly op: "copy_aside";
      readonly local: LocalRow;
      readonly parent: NodeId;
      readonly name: string;
      readonly onto?: { readonly id: NodeId; readonly local: LocalRow } | undefined;
      readonly isPrivate?: boolean | undefined;
    }
);

/** The local item `from` becomes node `to`. */
export interface IdChange {
  readonly from: NodeId;
  readonly to: NodeId;
  /** `from` stays on the server, and its content moves to `to` until `from` is empty and deleted. */
  readonly merges?: boolean;
  /** The folder lives itself, so content deleted with it on the server, and not separately, lives in the new one. */
  readonly keepsContent?: boolean;
  /** `to` contains the server's content of the local folder `from` and is deleted once empty. */
  readonly isRemainder?: boolean;
}

export interface Plan {
  /** If not empty, nothing else is planned, because the trees change first. */
  readonly idChanges: readonly IdChange[];
  readonly remote: readonly RemoteOperation[];
  readonly local: readonly LocalOperation[];
  /** Reason why a differing node must wait. */
  readonly waiting: ReadonlyMap<NodeId, string>;
  readonly heldDeletions: readonly NodeId[];
}
