import Trash from "lucide-react/icons/trash-2";
import { Button } from "../../design/button.tsx";
import { Empty } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface TrashedFileProps {
  readonly nextId?: string | undefined;
  readonly previousId?: string | undefined;
  readonly onGo: (id: string) => void;
  readonly onClose: () => void;
}

/** Replaces a file that was trashed while it was open. A restored file is shown again. */
export function TrashedFile({ nextId, previousId, onGo, onClose }: TrashedFileProps) {
  const { message } = useMessages();
  const otherId = nextId ?? previousId;
  return (
    <div role="status" className="m-auto">
      <Empty
        Icon={Trash}
        title={message("preview.trashed")}
        acts={
          <>
            {otherId !== undefined && (
              <Button onClick={() => onGo(otherId)}>
                {message(nextId === undefined ? "preview.previous" : "preview.next")}
              </Button>
            )}
            <Button onClick={onClose}>{message("design.close")}</Button>
          </>
        }
      />
    </div>
  );
}
