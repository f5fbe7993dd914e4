import type { NodeJson } from "@holdfast/protocol/values";

export interface ShareDialogProps {
  readonly node: Pick<NodeJson, "id" | "name" | "kind">;
  readonly open: boolean;
  readonly onClose: () => void;
}
