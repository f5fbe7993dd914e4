import Search from "lucide-react/icons/search";
import UserPlus from "lucide-react/icons/user-plus";
import Users from "lucide-react/icons/users";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { Field } from "../../design/field.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { AccountItem, type AskedOfAccount } from "./account-item.tsx";
import { EditAccountDialog } from "./edit-account-dialog.tsx";
import { EndFactorDialog, SignOutDialog } from "./confirm-dialogs.tsx";
import { NewAccountDialog } from "./new-account-dialog.tsx";
import { PasswordDialog } from "./password-dialog.tsx";
import { QuotaDialog } from "./quota-dialog.tsx";
import { ShredDialog } from "./shred-dialog.tsx";
import { awaitPause, nameCharactersMax, readUsers, type UserJson, usersKey } from "./users-list.ts";

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
  const [text, setText] = useState("");
  const [isCreating, setCreating] = useState(false);
  const [asked, setAsked] = useState<{ readonly what: AskedOfAccount; readonly user: UserJson }>();
  const search = text.trim();
  const load = useAccounts(search);
  const Asked = asked === undefined ? undefined : dialogs[asked.what];
  return (
    <Card title={message("admin.accounts")} isTitleHidden>
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-end gap-3">
          <div className="min-w-48 grow">
            <Field
              label={message("admin.accountsSearch")}
              type="search"
              autoComplete="off"
              spellCheck={false}
              maxLength={nameCharactersMax}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
          <Button Icon={UserPlus} onClick={() => setCreating(true)}>
            {message("admin.newAccount")}
          </Button>
        </div>
        {load.data !== undefined && (
          <p role="status" className="text-sm text-muted">
            {message(load.hasNextPage ? "admin.accountsAtLeast" : "admin.accountsFound", { count: load.data.length })}
          </p>
        )}
      </div>
      <PagedItems
        label={message("admin.accounts")}
        load={load}
        empty={
          search === ""
            ? { Icon: Users, title: message("admin.noAccounts") }
            : { Icon: Search, title: message("admin.accountsNone") }
        }
      >
        {(user) => <AccountItem key={user.id} user={user} onAsk={(what) => setAsked({ what, user })} />}
      </PagedItems>
      {isCreating && <NewAccountDialog onClose={() => setCreating(false)} />}
      {asked !== undefined && Asked !== undefined && <Asked user={asked.user} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

function useAccounts(search: string) {
  const { client } = useDrive();
  return usePages(
    [...usersKey, { search }],
    async (cursor, signal) => {
      if (cursor === undefined) await awaitPause(search, signal);
      return readUsers(client, { search, limit: 50, cursor }, signal);
    },
    { keepsItems: true },
  );
}
