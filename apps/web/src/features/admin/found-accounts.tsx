import { useQuery } from "@tanstack/react-query";
import Search from "lucide-react/icons/search";
import { useDrive } from "../../data/use-drive.ts";
import { Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { AccountItem, type AskedOfAccount } from "./account-item.tsx";
import { hasWords } from "./has-words.ts";
import { firstUsersQuery, type UserJson } from "./users-list.ts";

interface FoundAccountsProps {
  readonly text: string;
  readonly onAsk: (user: UserJson, what: AskedOfAccount) => void;
}

/** Searches the first accounts and says so if there are more, because the server cannot search them. */
export function FoundAccounts({ text, onAsk }: FoundAccountsProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery(firstUsersQuery(client));
  return (
    <Loaded load={load} rows={6}>
      {({ items, next_cursor: next }) => {
        const found = items.filter(({ name, email }) => hasWords(`${name} ${email}`, text));
        return (
          <>
            <div className="text-sm text-muted">
              <p role="status">{message("admin.accountsFound", { count: found.length })}</p>
              {next !== null && <p>{message("admin.accountsSearched", { count: items.length })}</p>}
            </div>
            {found.length === 0 ? (
              <Empty Icon={Search} title={message("admin.accountsNone")} />
            ) : (
              <Items label={message("admin.accounts")}>
                {found.map((user) => (
                  <AccountItem key={user.id} user={user} onAsk={(what) => onAsk(user, what)} />
                ))}
              </Items>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
