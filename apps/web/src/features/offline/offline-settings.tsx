import { Link } from "@tanstack/react-router";
import Folder from "lucide-react/icons/folder";
import HardDriveDownload from "lucide-react/icons/hard-drive-download";
import { useEffect } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useKept } from "../../data/use-kept.ts";
import { Button } from "../../design/button.tsx";
import { Card, Item, Items } from "../../design/card.tsx";
import { Empty, Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { KeptView } from "../../offline/kept-files.ts";
import type { KeptFile, KeptMark } from "../../offline/kept-index.ts";

export function Offline() {
  const { message, size } = useMessages();
  const { kept } = useDrive();
  const view = useKept();
  useEffect(() => void kept.open().catch(() => {}), [kept]);
  if (!kept.isPossible) {
    return (
      <Card title={message("offline.kept")} about={message("offline.keptAbout")}>
        <Notice kind="info" title={message("offline.cannot")}>
          {message("offline.cannotNext")}
        </Notice>
      </Card>
    );
  }
  const { marks, files } = view;
  const dropAll = marks.length > 0 && <Button onClick={() => void kept.drop()}>{message("offline.dropAll")}</Button>;
  return (
    <Card title={message("offline.kept")} about={message("offline.keptAbout")} acts={dropAll}>
      <State view={view} />
      {marks.length === 0 ? (
        <Empty Icon={HardDriveDownload} title={message("offline.none")}>
          {message("offline.noneNext")}
        </Empty>
      ) : (
        <>
          <p>{message("offline.total", { count: files.length, size: size(bytesOf(files)) })}</p>
          <Items label={message("offline.kept")}>
            {marks.map((mark) => (
              <Kept key={mark.id} mark={mark} files={files.filter(({ markId }) => markId === mark.id)} />
            ))}
          </Items>
        </>
      )}
    </Card>
  );
}

function State({ view: { problem, isFetching } }: { readonly view: KeptView }) {
  const { message } = useMessages();
  if (isFetching) return <Notice kind="info">{message("offline.fetching")}</Notice>;
  return problem === undefined ? null : <Notice kind="warning">{message(`offline.${problem}`)}</Notice>;
}

function Kept({ mark, files }: { readonly mark: KeptMark; readonly files: readonly KeptFile[] }) {
  const { message, size } = useMessages();
  const { kept } = useDrive();
  const { id, kind, name } = mark;
  const isHere = files.length > 0;
  const about = message("offline.total", { count: files.length, size: size(bytesOf(files)) });
  return (
    <Item
      leading={kind === "folder" ? <Folder aria-hidden size={18} className="shrink-0 text-muted" /> : undefined}
      title={
        kind === "file" && isHere ? (
          <Link to="." search={{ open: id } as never} className="text-text underline">
            <bdi>{name}</bdi>
          </Link>
        ) : (
          <bdi>{name}</bdi>
        )
      }
      about={isHere || kind === "folder" ? about : message("offline.coming")}
      acts={
        <Button aria-label={message("offline.dropNamed", { name })} onClick={() => void kept.drop(new Set([id]))}>
          {message("offline.drop")}
        </Button>
      }
    />
  );
}

function bytesOf(files: readonly KeptFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
