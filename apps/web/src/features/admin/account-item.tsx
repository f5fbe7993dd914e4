import Ellipsis from "lucide-react/icons/ellipsis";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import { Badge, Item } from "../../design/card.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { When } from "../../design/when.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

/** Actions that need a dialog. */
export type AskedOfAccount = "edit" | "password" | "quota" | "factor" | "sign-out" | "shred";

interface AccountItemProps {
  readonly user: UserJson;
  readonly onAsk: (what: AskedOfAccount) => void;
}

export function AccountItem({ user, onAsk }: AccountItemProps) {
  const { message, size, day } = useMessages();
  const { items, isPending } = useActs({ user, onAsk });
  const used = { used: size(user.used_bytes) };
  const usage =
    user.quota_bytes === null
      ? message("shell.usedUnlimited", used)
      : message("shell.used", { ...used, quota: size(user.quota_bytes) });
  return (
    <Item
      leading={<Avatar name={user.name} />}
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{user.name}</bdi>
          {user.admin && <Badge>{message("admin.isAdmin")}</Badge>}
          {user.disabled && <Badge kind="bad">{message("admin.isDisabled")}</Badge>}
          {user.second_factor && <Badge>{message("admin.hasFactor")}</Badge>}
          {!user.confirmed && <Badge>{message("admin.isUnconfirmed")}</Badge>}
        </span>
      }
      about={
        <>
          <bdi>{user.email}</bdi> · {user.quota_fixed ? message("admin.quotaOwn") : user.plan} · {usage}
          {user.leaving_until !== null && ` · ${message("shred.leaves", { when: day(user.leaving_until) })}`}
          {" · "}
          {user.last_seen_at === null ? (
            message("admin.notSeen")
          ) : (
            <When at={user.last_seen_at} say={(when) => message("settings.seen", { when })} />
          )}
        </>
      }
      acts={
        <MenuButton label={message("admin.actsFor", { name: user.name })} items={items}>
          <IconButton label={message("admin.actsFor", { name: user.name })} Icon={Ellipsis} busy={isPending} />
        </MenuButton>
      }
    />
  );
}

function useActs({ user, onAsk }: AccountItemProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const { data: self } = useAccount();
  const change = useAct(usersKey, (body: { disabled?: boolean; admin?: boolean; confirmed?: true }) =>
    client.call("adminUpdateUser", { params: { id: user.id }, body }),
  );
  const isSelf = self?.id === user.id;
  const items = (): readonly MenuItem[] => [
    { label: message("admin.editAccount"), run: () => onAsk("edit") },
    { label: message("admin.setQuota"), run: () => onAsk("quota") },
    { label: message("admin.setPassword"), run: () => onAsk("password") },
    ...(user.confirmed
      ? []
      : [{ label: message("admin.confirm"), run: () => change.mutate({ confirmed: true }) } as const]),
    ...(user.second_factor
      ? [{ label: message("admin.endFactor"), disabled: isSelf, run: () => onAsk("factor") } as const]
      : []),
    "line",
    { label: message("admin.signOut"), danger: true, disabled: isSelf, run: () => onAsk("sign-out") },
    {
      label: message(user.admin ? "admin.takeAdmin" : "admin.makeAdmin"),
      disabled: isSelf,
      run: () => change.mutate({ admin: !user.admin }),
    },
    {
      label: message(user.disabled ? "admin.enable" : "admin.disable"),
      danger: !user.disabled,
      disabled: isSelf,
      run: () => change.mutate({ disabled: !user.disabled }),
    },
    // The account must be disabled first.
    ...(user.disabled && !isSelf
      ? [{ label: message("shred.menu"), danger: true, run: () => onAsk("shred") } as const]
      : []),
  ];
  return { items, isPending: change.isPending };
}
