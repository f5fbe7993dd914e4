import type { NodeJson } from "@holdfast/protocol/values";

export interface SharingProps {
  readonly node: Pick<NodeJson, "id" | "name" | "kind" | "role" | "parent_id" | "trashed_at">;
}
