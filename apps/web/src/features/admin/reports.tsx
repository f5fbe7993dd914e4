import type { ReportAction, ReportJson, ReportReason } from "@holdfast/protocol/report-routes";
import Flag from "lucide-react/icons/flag";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { MenuButton } from "../../design/menu-button.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { Tabs } from "../../design/tabs.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";

const reportsKey = ["admin-reports"] as const;
const reasons = {
  abuse: "admin.reasonAbuse",
  malware: "admin.reasonMalware",
  copyright: "admin.reasonCopyright",
  other: "admin.reasonOther",
} as const satisfies Record<ReportReason, string>;
const actions = {
  none: "admin.actionNone",
  disable_link: "admin.actionLink",
  suspend_account: "admin.actionSuspend",
} as const satisfies Record<ReportAction, string>;

export function Reports() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [tab, setTab] = useState<"open" | "all">("open");
  const load = usePages([...reportsKey, tab], (cursor, signal) =>
    client.call("adminListReports", {
      query: { limit: 50, cursor, ...(tab === "open" ? { open: "true" } : {}) },
      signal,
    }),
  );
  return (
    <Card title={message("admin.reports")} isTitleHidden about={message("admin.reportsAbout")}>
      <Tabs
        label={message("admin.reports")}
        value={tab}
        onChoose={setTab}
        tabs={[
          { value: "open", label: message("admin.reportsOpen") },
          { value: "all", label: message("admin.reportsAll") },
        ]}
      >
        <div className="flex flex-col gap-4 pt-4">
          <PagedItems
            label={message("admin.reports")}
            load={load}
            empty={{ Icon: Flag, title: message("admin.noReports") }}
          >
            {(report) => <ReportItem key={report.id} report={report} />}
          </PagedItems>
        </div>
      </Tabs>
    </Card>
  );
}

function ReportItem({ report }: { readonly report: ReportJson }) {
  const { message, ago } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<Exclude<ReportAction, "none">>();
  const resolve = useAct(
    reportsKey,
    (action: ReportAction) => client.call("adminResolveReport", { params: { id: report.id }, body: { action } }),
    message("admin.resolved"),
  );
  const { node, owner, action, text } = report;
  const name = node?.name ?? message("admin.gone");
  const items = () =>
    (Object.keys(actions) as ReportAction[]).map((each) => ({
      label: message(actions[each]),
      danger: each === "suspend_account",
      run: () => (each === "none" ? resolve.mutate(each) : setAsked(each)),
    }));
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{name}</bdi>
          <Badge>{message(reasons[report.reason])}</Badge>
          {action !== null && <Badge>{message(actions[action])}</Badge>}
        </span>
      }
      about={
        <>
          {owner !== null && (
            <>
              <bdi>{owner.name}</bdi> (<bdi>{owner.email}</bdi>) ·{" "}
            </>
          )}
          {ago(report.at)}
          {report.resolved_at !== null && ` · ${message("admin.resolvedAt", { when: ago(report.resolved_at) })}`}
          {text !== null && (
            <p className="text-text">
              <bdi>{text}</bdi>
            </p>
          )}
        </>
      }
      acts={
        report.state === "open" && (
          <>
            <MenuButton label={message("admin.resolve")} items={items}>
              <Button aria-label={message("admin.resolveFor", { name })} busy={resolve.isPending}>
                {message("admin.resolve")}
              </Button>
            </MenuButton>
            {asked !== undefined && (
              <AskDialog
                action={asked}
                owner={owner?.name ?? ""}
                busy={resolve.isPending}
                onSubmit={() => resolve.mutate(asked, { onSettled: () => setAsked(undefined) })}
                onClose={() => setAsked(undefined)}
              />
            )}
          </>
        )
      }
    />
  );
}

interface AskDialogProps {
  readonly action: Exclude<ReportAction, "none">;
  readonly owner: string;
  readonly busy: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
}

/** Takes effect immediately for another person. */
function AskDialog({ action, owner, ...dialog }: AskDialogProps) {
  const { message } = useMessages();
  const isAccount = action === "suspend_account";
  return (
    <FormDialog
      {...dialog}
      open
      size="small"
      title={message(isAccount ? "admin.askSuspendTitle" : "admin.askLinkTitle")}
      about={isAccount ? message("admin.askSuspendAbout", { name: owner }) : message("admin.askLinkAbout")}
      act={message(actions[action])}
      isDanger
    />
  );
}
