import Users from "lucide-react/icons/users";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Card } from "../../design/card.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { AccountItem, type AskedOfAccount } from "./account-item.tsx";
import { EditAccountDialog } from "./edit-account-dialog.tsx";
import { EndFactorDialog, SignOutDialog } from "./confirm-dialogs.tsx";
import { PasswordDialog } from "./password-dialog.tsx";
import { QuotaDialog } from "./quota-dialog.tsx";
import { ShredDialog } from "./shred-dialog.tsx";
import { type UserJson, usersKey } from "./users-list.ts";

const dialogs = {
  edit: EditAccountDialog,
  password: PasswordDialog,
  factor: EndFactorDialog,
  "sign-out": SignOutDialog,
  quota: QuotaDialog,
  shred: ShredDialog,
} as const satisfies Record<AskedOfAccount, unknown>;

export function Accounts() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<{ readonly what: AskedOfAccount; readonly user: UserJson }>();
  const load = usePages(usersKey, (cursor, signal) =>
    client.call("adminListUsers", { query: { limit: 50, cursor }, signal }),
  );
  const Asked = asked === undefined ? undefined : dialogs[asked.what];
  return (
    <Card title={message("admin.accounts")} isTitleHidden>
      <PagedItems
        label={message("admin.accounts")}
        load={load}
        empty={{ Icon: Users, title: message("admin.noAccounts") }}
      >
        {(user) => <AccountItem key={user.id} user={user} onAsk={(what) => setAsked({ what, user })} />}
      </PagedItems>
      {asked !== undefined && Asked !== undefined && <Asked user={asked.user} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}
