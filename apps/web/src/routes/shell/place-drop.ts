import { useAccount } from "../../data/account.ts";
import { dropAttributes, trashTarget } from "../../features/files/list/drop-targets.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Drop targets in the navigation: the root folder and the trash. */
export function usePlaceDrop(): (to: string) => Readonly<Record<string, string>> {
  const { message } = useMessages();
  const { data: account } = useAccount();
  return (to) => {
    if (to === "/trash") return dropAttributes(trashTarget, message("place.trash"), [], false);
    return to === "/files" && account !== undefined ? dropAttributes(account.root_id, message("files.home")) : {};
  };
}
