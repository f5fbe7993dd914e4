import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useNode } from "../data/use-node.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { useMessages } from "../messages/use-messages.ts";
import { problemWords } from "../messages/problem-words.ts";
import type { ListSearch } from "./place-search.ts";

/** Redirects to the file above its folder, or to Shared if its folder is not visible. */
export function CopiedLinkPlace() {
  const messages = useMessages();
  const navigate = useNavigate();
  const { id = "" } = useParams({ strict: false });
  const { panel }: ListSearch = useSearch({ strict: false });
  const { data: node, error } = useNode(id);
  usePageTitle(messages.message("place.files"));
  useEffect(() => {
    if (node === undefined) return;
    const shown = panel === undefined ? {} : { panel };
    if (node.kind === "folder" || node.kind === "mount") {
      void navigate({ to: "/files/$id", params: { id: node.target ?? node.id }, search: shown, replace: true });
    } else if (node.parent_id === null) void navigate({ to: "/shared", search: { open: id, ...shown }, replace: true });
    else
      void navigate({
        to: "/files/$id",
        params: { id: node.parent_id },
        search: { open: id, ...shown },
        replace: true,
      });
  }, [navigate, node, id, panel]);
  return (
    <>
      <h1 className="sr-only">{messages.message("place.files")}</h1>
      {error !== null && (
        <Failure
          title={problemWords(error, messages)}
          acts={<Button onClick={() => void navigate({ to: "/files" })}>{messages.message("files.toHome")}</Button>}
        />
      )}
    </>
  );
}
