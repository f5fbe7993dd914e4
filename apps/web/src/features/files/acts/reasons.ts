import type { Messages } from "../../../messages/messages.ts";
import { type Refused, reasonsOf } from "./file-steps.ts";

/** @param code of the API or of a refused step */
export function reasonText(code: string, { message }: Messages): string {
  switch (code) {
    case "forbidden":
      return message("files.reasonForbidden");
    case "contents":
      return message("files.reasonContents");
    case "not_found":
    case "trashed":
      return message("files.reasonGone");
    case "exists":
      return message("files.reasonExists");
    case "conflict":
    case "precondition":
    case "subtree_changed":
      return message("files.reasonChanged");
    case "cycle":
      return message("files.reasonCycle");
    case "quota":
    case "store_full":
      return message("files.reasonFull");
    case "invalid_field":
      return message("files.reasonName");
    case "unreachable":
    case "unavailable":
      return message("files.reasonOffline");
    default:
      return message("files.reasonOther", { code });
  }
}

/** "197 moved to Photos, 3 not: The name is taken (2), Not there any more (1)". */
export function outcomeText(done: string, refused: readonly Refused[], messages: Messages): string {
  if (refused.length === 0) return done;
  const reasons = reasonsOf(refused).map(({ code, names }) =>
    refused.length === 1
      ? reasonText(code, messages)
      : `${reasonText(code, messages)} (${messages.number(names.length)})`,
  );
  const { message } = messages;
  const partly =
    done === ""
      ? message("files.notDone", { count: refused.length })
      : message("files.partly", { done, failed: refused.length });
  return `${partly}: ${reasons.join(", ")}`;
}
