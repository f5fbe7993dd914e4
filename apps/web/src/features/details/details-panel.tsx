import type { NodeJson } from "@holdfast/protocol/values";
import X from "lucide-react/icons/x";
import { type ReactNode, Suspense } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { shownName } from "../../design/shown-name.ts";
import { Tabs } from "../../design/tabs.tsx";
import type { MessageKey } from "../../messages/en.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { Facts } from "./facts.tsx";

export const detailTabs = ["details", "versions", "activity", "comments", "sharing"] as const;
export type DetailTab = (typeof detailTabs)[number];

export interface DetailsPanelProps {
  readonly node: NodeJson;
  readonly tab: DetailTab;
  readonly onTab: (tab: DetailTab) => void;
  /** Undefined if the surrounding element shows the name and a close button. */
  readonly onClose?: (() => void) | undefined;
  /** Content of the sharing tab, passed in because features do not import each other. */
  readonly sharing: ReactNode;
}

const Versions = lazyPart(async () => (await import("./versions.tsx")).Versions);
const Activity = lazyPart(async () => (await import("./activity.tsx")).Activity);
const Comments = lazyPart(async () => (await import("./comments.tsx")).Comments);

/** Details of one node, docked beside the list or in a sheet on narrow screens. */
export function DetailsPanel({ node, tab, onTab, onClose, sharing }: DetailsPanelProps) {
  const { message } = useMessages();
  const tabs = detailTabs.filter((each) => isOffered(each, node));
  const shown = tabs.includes(tab) ? tab : "details";
  // Others see the comments on the shared folder, but not those on the mount.
  const commented = node.kind === "mount" ? { ...node, id: node.target ?? node.id } : node;
  return (
    <section aria-label={message("details.of", { name: node.name })} className="flex h-full min-h-0 flex-col">
      {onClose !== undefined && (
        <header className="flex items-start gap-2 ps-4 pe-2 pt-3 pb-1">
          <h2 className="min-w-0 flex-1 pt-1.5 text-lg font-semibold wrap-anywhere">
            <bdi>{shownName(node.name)}</bdi>
          </h2>
          <IconButton label={message("details.close")} Icon={X} onClick={onClose} />
        </header>
      )}
      <Tabs
        label={message("details.of", { name: node.name })}
        value={shown}
        tabs={tabs.map((value) => ({ value, label: message(tabWords[value]) }))}
        onChoose={onTab}
      >
        <div className="h-full overflow-y-auto p-4 sm:pb-[calc(2.5rem+var(--tray-height,-1.5rem))]">
          <Suspense fallback={<div className="h-12 animate-appear-late rounded-md bg-hover" />}>
            {shown === "details" && <Facts node={node} />}
            {shown === "versions" && <Versions key={node.id} node={node} />}
            {shown === "activity" && <Activity key={node.id} node={node} />}
            {shown === "comments" && <Comments key={node.id} node={commented} />}
            {shown === "sharing" && sharing}
          </Suspense>
        </div>
      </Tabs>
    </section>
  );
}

const tabWords = {
  details: "details.details",
  versions: "details.versions",
  activity: "details.activity",
  comments: "details.comments",
  sharing: "details.sharing",
} as const satisfies Record<DetailTab, MessageKey>;

function isOffered(tab: DetailTab, { kind, role }: NodeJson): boolean {
  if (tab === "versions") return kind === "file";
  if (tab === "sharing") return role === "owner" || role === "editor";
  return role !== "uploader" || tab === "details";
}
