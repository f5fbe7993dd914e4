import { HoldfastError } from "@holdfast/core/errors";
import type { LocalOperation } from "../planner/plan-types.ts";
import { type Intent, placeOf } from "../trees.ts";
import { copyAside, create } from "./create.ts";
import { DiskChanged, type Hands } from "./hands.ts";
import { moveNode, park, setNode } from "./move.ts";
import { remove } from "./remove.ts";
import { replace } from "./replace.ts";

/** Does one operation, or throws and leaves what was there. Its rows are committed when it is durable. */
export async function act(hands: Hands, operation: LocalOperation): Promise<void> {
  const intent = hands.faults.has("intents are not kept") ? undefined : intentOf(operation);
  // An earlier one may have been done without being seen yet: another on top of it would hide that.
  if (hands.state.intents.has(operation.id)) throw new DiskChanged(operation.id);
  if (intent !== undefined) hands.state.commit({ intents: [[operation.id, intent]] });
  await perform(hands, operation);
  if (intent !== undefined) hands.state.commit({ intents: [[operation.id, undefined]] });
}

function intentOf(operation: LocalOperation): Intent | undefined {
  if (operation.op === "delete") return { place: placeOf(operation.local), content: undefined, executable: false };
  if (operation.op !== "create" && operation.op !== "replace") return undefined;
  const { content, executable } = operation.remote;
  return { place: placeOf(operation.op === "create" ? operation.place : operation.local), content, executable };
}

async function perform(hands: Hands, operation: LocalOperation): Promise<void> {
  switch (operation.op) {
    case "create":
      return create(hands, operation);
    case "replace":
      return replace(hands, operation);
    case "move":
      return moveNode(hands, operation);
    case "set":
      return setNode(hands, operation);
    case "delete":
      return remove(hands, operation);
    case "park":
      return park(hands, operation);
    case "copy_aside":
      return copyAside(hands, operation);
    default:
      throw new HoldfastError("internal", `There is no local operation ${JSON.stringify(operation satisfies never)}.`);
  }
}
