import Flag from "lucide-react/icons/flag";
import { lazy, Suspense, useState } from "react";
import { Button } from "../design/button.tsx";
import { IconButton } from "../design/icon-button.tsx";
import { useMessages } from "../messages/use-messages.ts";

const ReportDialog = lazy(async () => ({ default: (await import("./report-dialog.tsx")).ReportDialog }));

/** @param props.hasWord set it if the button stands alone */
export function ReportButton({ token, hasWord = false }: { readonly token: string; readonly hasWord?: boolean }) {
  const { message } = useMessages();
  const [isOpen, setOpen] = useState<boolean>();
  const begin = () => setOpen(true);
  return (
    <>
      {hasWord ? (
        <Button kind="quiet" Icon={Flag} onClick={begin}>
          {message("link.report")}
        </Button>
      ) : (
        <IconButton label={message("link.report")} Icon={Flag} onClick={begin} />
      )}
      {isOpen !== undefined && (
        <Suspense fallback={null}>
          <ReportDialog token={token} open={isOpen} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
