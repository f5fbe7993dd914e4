import { useParams } from "@tanstack/react-router";
import { useAccount } from "../data/account.ts";
import { Loaded } from "../design/loaded.tsx";
import { Empty } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { Sections } from "../design/sections.tsx";
import { Access } from "../features/admin/access.tsx";
import { Accounts } from "../features/admin/accounts.tsx";
import { Audit } from "../features/admin/audit.tsx";
import { Groups } from "../features/admin/groups.tsx";
import { Invitations } from "../features/admin/invitations.tsx";
import { OauthClients } from "../features/admin/oauth-clients.tsx";
import { Jobs } from "../features/admin/jobs.tsx";
import { Overview } from "../features/admin/overview.tsx";
import { Plans } from "../features/admin/plans.tsx";
import { Reports } from "../features/admin/reports.tsx";
import { ServerSettings } from "../features/admin/server-settings.tsx";
import { Storage } from "../features/admin/storage.tsx";
import { useMessages } from "../messages/use-messages.ts";
import { NotFound } from "./not-found.tsx";

const pages = {
  overview: Overview,
  accounts: Accounts,
  invitations: Invitations,
  groups: Groups,
  access: Access,
  programs: OauthClients,
  plans: Plans,
  storage: Storage,
  jobs: Jobs,
  reports: Reports,
  audit: Audit,
  settings: ServerSettings,
} as const;
type Section = keyof typeof pages;
const ids = Object.keys(pages) as Section[];

export function AdminPlace() {
  const { message } = useMessages();
  const { section = "overview" } = useParams({ strict: false });
  const current = ids.find((id) => id === section);
  const account = useAccount();
  usePageTitle(current === undefined ? undefined : message(`admin.${current}`));
  if (current === undefined) return <NotFound />;
  const Page = pages[current];
  return (
    <Sections
      title={message("place.admin")}
      to="/admin/{-$section}"
      sections={ids.map((id) => ({ id, name: message(`admin.${id}`) }))}
      current={current}
    >
      <Loaded load={account}>
        {({ admin }) =>
          admin ? <Page /> : <Empty title={message("admin.notYou")}>{message("admin.notYouNext")}</Empty>
        }
      </Loaded>
    </Sections>
  );
}
