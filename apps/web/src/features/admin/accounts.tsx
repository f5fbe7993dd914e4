import Ellipsis from "lucide-react/icons/ellipsis";
import Users from "lucide-react/icons/users";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Avatar } from "../../design/avatar.tsx";
import { Badge, Card, Item } from "../../design/card.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { EndFactorDialog } from "./end-factor-dialog.tsx";
import { QuotaDialog } from "./quota-dialog.tsx";
import { PasswordDialog } from "./password-dialog.tsx";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

/** Everybody who has an account on this server. */
export function Accounts() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<{ readonly what: "password" | "quota" | "factor"; readonly user: UserJson }>();
  const load = usePages(usersKey, (cursor, signal) =>
    client.call("adminListUsers", { query: { limit: 50, cursor }, signal }),
  );
  return (
    <Card title={message("admin.accounts")} isTitleHidden>
      <PagedItems
        label={message("admin.accounts")}
        load={load}
        empty={{ Icon: Users, title: message("admin.noAccounts") }}
      >
        {(user) => <AccountItem key={user.id} user={user} onAsk={(what) => setAsked({ what, user })} />}
      </PagedItems>
      {asked?.what === "password" && <PasswordDialog user={asked.user} onClose={() => setAsked(undefined)} />}
      {asked?.what === "factor" && <EndFactorDialog user={asked.user} onClose={() => setAsked(undefined)} />}
      {asked?.what === "quota" && <QuotaDialog user={asked.user} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

interface AccountItemProps {
  readonly user: UserJson;
  readonly onAsk: (what: "password" | "quota" | "factor") => void;
}

function AccountItem({ user, onAsk }: AccountItemProps) {
  const { message, size } = useMessages();
  const { client } = useDrive();
  const { data: self } = useAccount();
  const change = useAct(usersKey, (body: { disabled?: boolean; admin?: boolean; confirmed?: true }) =>
    client.call("adminUpdateUser", { params: { id: user.id }, body }),
  );
  const isSelf = self?.id === user.id;
  const used = { used: size(user.used_bytes) };
  const usage =
    user.quota_bytes === null
      ? message("shell.usedUnlimited", used)
      : message("shell.used", { ...used, quota: size(user.quota_bytes) });
  const items = (): readonly MenuItem[] => [
    { label: message("admin.setQuota"), run: () => onAsk("quota") },
    { label: message("admin.setPassword"), run: () => onAsk("password") },
    ...(user.confirmed
      ? []
      : [{ label: message("admin.confirm"), run: () => change.mutate({ confirmed: true }) } as const]),
    ...(user.second_factor
      ? [{ label: message("admin.endFactor"), disabled: isSelf, run: () => onAsk("factor") } as const]
      : []),
    "line",
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
  ];
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
          <bdi>{user.email}</bdi> · {user.plan} · {usage}
        </>
      }
      acts={
        <MenuButton label={message("admin.actsFor", { name: user.name })} items={items}>
          <IconButton label={message("admin.actsFor", { name: user.name })} Icon={Ellipsis} busy={change.isPending} />
        </MenuButton>
      }
    />
  );
}
