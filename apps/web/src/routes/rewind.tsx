import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useNode } from "../data/use-node.ts";
import { Failure } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { RewindPage } from "../features/rewind/rewind-page.tsx";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";
import type { rewindSearch } from "./place-search.ts";

export function RewindPlace() {
  const { id = "root" } = useParams({ strict: false });
  const { to }: ReturnType<typeof rewindSearch> = useSearch({ strict: false });
  const navigate = useNavigate();
  const words = useMessages();
  const { data: node, error } = useNode(id);
  usePageTitle(words.message("place.rewind"));
  if (error !== null) return <Failure title={problemWords(error, words)} />;
  if (node === undefined) return <div className="m-6 h-12 animate-appear-late rounded-md bg-hover" />;
  return (
    <RewindPage
      key={id}
      node={node}
      to={to}
      onTo={(moment) =>
        void navigate({ to: "/rewind/$id", params: { id }, search: { to: moment }, replace: to !== undefined })
      }
      onDone={() =>
        void navigate({ to: "/files/$id", params: { id: node.kind === "file" ? (node.parent_id ?? "root") : node.id } })
      }
    />
  );
}
