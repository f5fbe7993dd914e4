import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronUp from "lucide-react/icons/chevron-up";
import type { SortOrder } from "../../../data/row-order.ts";
import type { Messages } from "../../../messages/messages.ts";

export const headLook =
  "-mx-2 inline-flex h-8 max-w-full items-center gap-1 rounded-md px-2 text-sm hover:bg-hover active:bg-pressed pointer-coarse:h-10";

export function sortedWords(message: Messages["message"], sort: SortOrder, column: string): string {
  return message(sort.startsWith("-") ? "files.sortedDown" : "files.sortedUp", { column });
}

export function Arrow({ isDown }: { readonly isDown: boolean }) {
  return isDown ? <ChevronDown aria-hidden size={14} /> : <ChevronUp aria-hidden size={14} />;
}
