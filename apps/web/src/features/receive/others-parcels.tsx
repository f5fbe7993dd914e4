import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { discardReceived } from "../../browser/received-files.ts";
import { Button } from "../../design/button.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface OthersParcelsProps {
  readonly count: number;
  readonly ids: readonly string[];
  readonly account: string | undefined;
  readonly onOver: () => void;
}

/** Files of other accounts, whose owners may never return to this browser. Shows no names. */
export function OthersParcels({ count, ids, account, onOver }: OthersParcelsProps) {
  const { message } = useMessages();
  const [isAsking, setAsking] = useState(false);
  const discard = useMutation({ mutationFn: () => discardReceived(ids, account, "others"), onSettled: onOver });
  return (
    <>
      <Notice
        kind="info"
        acts={
          // Only an account may discard files of another.
          account !== undefined && (
            <Button busy={discard.isPending} onClick={() => setAsking(true)}>
              {message("receive.discard")}
            </Button>
          )
        }
      >
        <p>{message("receive.others", { count })}</p>
        {(discard.isError || discard.data === false) && <p role="alert">{message("receive.notDiscarded")}</p>}
      </Notice>
      <FormDialog
        open={isAsking}
        size="small"
        title={message("receive.discardOthersTitle", { count })}
        about={message("receive.discardOthersAbout", { count })}
        act={message("receive.discard")}
        isDanger
        onSubmit={() => {
          setAsking(false);
          discard.mutate();
        }}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
