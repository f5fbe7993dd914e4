import CircleUser from "lucide-react/icons/circle-user";
import { commandMenu } from "../../commands/command-menu.ts";
import { usePerson } from "../../data/account.ts";
import { IconButton } from "../../design/icon-button.tsx";
import { MenuButton } from "../../design/menu-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { accountMenu, type ShellContext } from "./shell-commands.ts";

export function AccountMenu({ context }: { readonly context: ShellContext }) {
  const { message } = useMessages();
  const person = usePerson();
  const label = person === undefined ? message("shell.account") : message("shell.accountOf", { name: person.name });
  return (
    <MenuButton label={label} items={() => commandMenu({ groups: accountMenu }, context)}>
      <IconButton label={label} Icon={CircleUser} />
    </MenuButton>
  );
}
