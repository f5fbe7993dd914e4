import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, DiskPlace, LocalRow, NodeState, Place, RemoteRow } from "../model/trees.ts";

/** A change to send to the server. What it rests on stands in it, so that the server refuses it if that has changed. */
export type RemoteOperation = { readonly id: NodeId; readonly group?: string } & (
  | { readonly op: "mkdir"; readonly place: Place; readonly isPrivate?: boolean | undefined }
  | { readonly op: "symlink"; readonly place: Place; readonly content: ContentKey }
  | { readonly op: "create"; readonly place: Place; readonly local: LocalRow }
  /** `executable` or `isPrivate` undefined: that stays as the server has it. `revive`: it lies in the trash, and is placed anew with its history. */
  | {
      readonly op: "put";
      readonly local: LocalRow;
      readonly base: RemoteRow;
      readonly executable: boolean | undefined;
      readonly isPrivate: boolean | undefined;
      readonly revive: Place | undefined;
    }
  /** `held`: content that both sides have of what comes back from the trash. */
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

/** What of a mode travels. */
type Mode = Pick<NodeState, "executable" | "isPrivate">;

/** A change of the disk. Each is checked against what stands there before and after it is done. */
export type LocalOperation = { readonly id: NodeId } & (
  | { readonly op: "create"; readonly place: DiskPlace; readonly remote: RemoteRow }
  /** The content is the server's; the mode merges by itself, so that it may be this disk's. */
  | ({ readonly op: "replace"; readonly local: LocalRow; readonly remote: RemoteRow } & Mode)
  | { readonly op: "move"; readonly local: LocalRow; readonly place: DiskPlace }
  | ({ readonly op: "set"; readonly local: LocalRow } & Mode)
  /** `into`: where the bytes go; unless they are the server's, a person has to find them. */
  | { readonly op: "delete"; readonly local: LocalRow; readonly into: "trash" | "quarantine" }
  /** It must leave its name before it can be placed: it waits aside. Its row stays. */
  | { readonly op: "park"; readonly local: LocalRow }
  /**
   * The bytes of a conflict get a name and a node of their own, before the server's take their place. `onto`: they become the next version
   * of the copy that was made before and is on the server; where the disk cannot do that, they get the name. `parent`: where the name is.
   * `isPrivate`: of the file that it is a copy of.
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

/** One node goes by another id from now on: what is on the disk under `from` is node `to`. */
export interface Rekeying {
  readonly from: NodeId;
  readonly to: NodeId;
  /** Two folders become one: `from` stays on the server, and what was in it moves to `to`, until it is empty and goes. */
  readonly merges?: boolean;
  /** The folder lives here in its own right, so that what went to the server's trash with it, and not by itself, lives in the new one. */
  readonly keepsContent?: boolean;
  /** `to` is what is left of the folder on the disk: it holds what the server has in `from`, and goes once it is empty. */
  readonly isRest?: boolean;
}

export interface Plan {
  /** If there is any, nothing else is planned: the trees change first. */
  readonly rekeyings: readonly Rekeying[];
  readonly remote: readonly RemoteOperation[];
  readonly local: readonly LocalOperation[];
  /** Nodes that differ and for which nothing can be done now, with the reason. */
  readonly waiting: ReadonlyMap<NodeId, string>;
  /** Deletions that wait for a person. */
  readonly heldDeletions: readonly NodeId[];
}
