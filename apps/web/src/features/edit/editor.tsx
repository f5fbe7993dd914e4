import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useNode } from "../../data/use-node.ts";
import { useSession } from "../../data/use-session.ts";
import { Button } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Failure } from "../../design/notice.tsx";
import type { MessageKey } from "../../messages/en.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { readDraft } from "./drafts.ts";
import { NoEditableText, readTextFile } from "./text-file.ts";
import { TextPage } from "./text-page.tsx";
import type { WrittenText } from "./written-preview.tsx";

interface EditorProps {
  readonly id: string;
  readonly onClose: (node: NodeJson | undefined) => void;
  readonly showMarkdown: (written: WrittenText) => ReactNode;
}

/** Reads the file once. Later changes are merged on saving, never during typing. */
export function Editor({ id, onClose, showMarkdown }: EditorProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { data: node, error: nodeError } = useNode(id);
  const opened = useQuery({
    queryKey: ["edited", id],
    enabled: node !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async ({ signal }) =>
      readTextFile(client, await client.call("getNode", { params: { id }, signal }), signal),
  });
  // The text stays if the file becomes unreadable.
  if (opened.data !== undefined && node !== undefined) {
    return (
      <TextPage
        key={id}
        opened={opened.data}
        newest={node}
        unread={nodeError ?? undefined}
        onClose={() => onClose(node)}
        showMarkdown={showMarkdown}
      />
    );
  }
  const error = nodeError ?? opened.error;
  if (error === null) return <div className="m-6 h-12 animate-appear-late rounded-md bg-hover" />;
  return (
    <Failure
      title={reasonOf(error, words)}
      acts={<Button onClick={() => onClose(node)}>{words.message("edit.back")}</Button>}
    >
      <StrandedDraft id={id} />
    </Failure>
  );
}

/** Draft of a file that can no longer be opened, for copying. */
function StrandedDraft({ id }: { readonly id: string }) {
  const { message } = useMessages();
  const session = useSession();
  const [draft] = useState(() => readDraft(localStorage, session.account, id));
  if (draft === undefined) return null;
  return (
    <div className="flex flex-col gap-2 text-start">
      <p>{message("edit.stranded")}</p>
      <CopyField label={message("edit.strandedText")} text={draft.text} />
    </div>
  );
}

function reasonOf(error: unknown, words: ReturnType<typeof useMessages>): string {
  return error instanceof NoEditableText ? words.message(reasonWords[error.reason]) : problemWords(error, words);
}

const reasonWords = { binary: "edit.noText", mixed: "edit.mixedEnds" } as const satisfies Record<string, MessageKey>;
