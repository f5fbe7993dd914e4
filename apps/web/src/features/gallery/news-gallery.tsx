import FolderOpen from "lucide-react/icons/folder-open";
import Upload from "lucide-react/icons/upload";
import { Avatar } from "../../design/avatar.tsx";
import { Button } from "../../design/button.tsx";
import { Empty, Failure, Notice } from "../../design/notice.tsx";
import { Progress, RowShapes } from "../../design/progress.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { Line, Specimen } from "./specimen.tsx";

export function NewsGallery() {
  const { message } = useMessages();
  const label = message("shell.upload");
  return (
    <>
      <Specimen name="Progress, RowShapes, Avatar">
        <Progress label={label} value={0.35} ahead={0.6} />
        <Progress label={label} />
        <Progress label={label} value={0.5} state="paused" />
        <Progress label={label} value={0.7} state="failed" />
        <Progress label={label} value={1} state="done" />
        <RowShapes rows={2} />
        <Line>
          <Avatar name="Ann Example" />
          <Avatar name="Zoë" />
        </Line>
      </Specimen>
      <Specimen name="Notice, Empty, Failure">
        <Notice kind="info">{message("gallery.hint")}</Notice>
        <Notice kind="success" title={message("gallery.moved", { count: 3 })} />
        <Notice kind="warning" title={message("gallery.almostFull")} acts={<Button>{message("gallery.room")}</Button>}>
          {message("gallery.almostFullNext")}
        </Notice>
        <Notice kind="error">{message("gallery.error")}</Notice>
        <Empty
          Icon={FolderOpen}
          title={message("gallery.empty")}
          acts={
            <Button kind="primary" Icon={Upload}>
              {label}
            </Button>
          }
        >
          {message("gallery.emptyNext")}
        </Empty>
        <Failure title={message("shell.failed")} acts={<Button>{message("shell.tryAgain")}</Button>}>
          {message("shell.failedNext")}
        </Failure>
      </Specimen>
    </>
  );
}
