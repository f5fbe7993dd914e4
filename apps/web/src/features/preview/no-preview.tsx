import type { NodeJson } from "@holdfast/protocol/values";
import Download from "lucide-react/icons/download";
import FileQuestion from "lucide-react/icons/file-question-mark";
import { Button } from "../../design/button.tsx";
import { Empty } from "../../design/notice.tsx";
import { fileTypeWords } from "../../messages/file-type-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { openedWith } from "./opened-with.ts";

interface NoPreviewProps {
  readonly node: NodeJson;
  readonly onDownload: () => void;
}

export function NoPreview({ node, onDownload }: NoPreviewProps) {
  const words = useMessages();
  const { message, size, dateTime } = words;
  const facts = [
    [message("files.columnSize"), size(node.size)],
    [message("details.kind"), fileTypeWords({ name: node.name, mimeType: node.mime_type }, words)],
    [message("files.columnModified"), dateTime(node.modified_at)],
  ];
  return (
    <div className="m-auto px-8">
      <Empty
        Icon={FileQuestion}
        title={message("preview.none")}
        acts={
          <Button kind="primary" Icon={Download} onClick={onDownload}>
            {message("preview.download")}
          </Button>
        }
      >
        <p>{message(openedWith(node.name))}</p>
        <dl className="mx-auto mt-4 grid w-fit grid-cols-[auto_auto] gap-x-6 gap-y-1 text-start">
          {facts.map(([term, value]) => (
            <div key={term} className="contents">
              <dt>{term}</dt>
              <dd className="wrap-anywhere text-text">
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      </Empty>
    </div>
  );
}
