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
import { FoundAccounts } from "./found-accounts.tsx";
import { NewAccountDialog } from "./new-account-dialog.tsx";
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

type Ask = (user: UserJson, what: AskedOfAccount) => void;

export function Accounts() {
  const { message } = useMessages();
  const [text, setText] = useState("");
  const [isCreating, setCreating] = useState(false);
  const [asked, setAsked] = useState<{ readonly what: AskedOfAccount; readonly user: UserJson }>();
  const Asked = asked === undefined ? undefined : dialogs[asked.what];
  const ask: Ask = (user, what) => setAsked({ what, user });
  return (
    <Card
      title={message("admin.accounts")}
      isTitleHidden
      acts={
        <Button Icon={UserPlus} onClick={() => setCreating(true)}>
          {message("admin.newAccount")}
        </Button>
      }
    >
      <Field
        label={message("admin.accountsSearch")}
        hint={message("admin.accountsSearchHint")}
        type="search"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {text.trim() === "" ? <AllAccounts onAsk={ask} /> : <FoundAccounts text={text} onAsk={ask} />}
      {isCreating && <NewAccountDialog onClose={() => setCreating(false)} />}
      {asked !== undefined && Asked !== undefined && <Asked user={asked.user} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

function AllAccounts({ onAsk }: { readonly onAsk: Ask }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = usePages(usersKey, (cursor, signal) =>
    client.call("adminListUsers", { query: { limit: 50, cursor }, signal }),
  );
  return (
    <PagedItems
      label={message("admin.accounts")}
      load={load}
      empty={{ Icon: Users, title: message("admin.noAccounts") }}
    >
      {(user) => <AccountItem key={user.id} user={user} onAsk={(what) => onAsk(user, what)} />}
    </PagedItems>
  );
}
