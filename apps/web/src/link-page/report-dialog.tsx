import type { ReportReason } from "@holdfast/protocol/report-routes";
import { useState } from "react";
import { openPublicClient } from "../data/client.ts";
import { Button } from "../design/button.tsx";
import { Choices } from "../design/choice.tsx";
import { Dialog } from "../design/dialog.tsx";
import { TextField } from "../design/field.tsx";
import { FormDialog } from "../design/form-dialog.tsx";
import { Notice } from "../design/notice.tsx";
import type { PlainKey } from "../messages/messages.ts";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";

interface ReportDialogProps {
  readonly token: string;
  readonly open: boolean;
  readonly onClose: () => void;
}

const reasons: Readonly<Record<ReportReason, PlainKey>> = {
  abuse: "link.reportAbuse",
  malware: "link.reportMalware",
  copyright: "link.reportCopyright",
  other: "link.reportOther",
};
/** Same limit as in the form without JavaScript. */
const textCharactersMax = 2000;

/** The answer reveals nothing about the administrators' decision. */
export function ReportDialog({ token, open, onClose }: ReportDialogProps) {
  const words = useMessages();
  const { message } = words;
  const [state, setState] = useState<"writing" | "sending" | "sent">("writing");
  const [problem, setProblem] = useState<string>();
  const [reason, setReason] = useState<ReportReason>("abuse");
  const send = (fields: FormData) => {
    const text = fields.get("text");
    const body = { token, reason, ...(typeof text === "string" && text.trim() !== "" ? { text } : {}) };
    setState("sending");
    setProblem(undefined);
    openPublicClient()
      .call("reportLink", { body, asksOnce: true })
      .then(() => setState("sent"))
      .catch((thrown: unknown) => {
        setState("writing");
        setProblem(problemWords(thrown, words));
      });
  };
  if (state === "sent") {
    return (
      <Dialog
        open={open}
        title={message("link.report")}
        onClose={onClose}
        acts={<Button onClick={onClose}>{message("design.close")}</Button>}
      >
        <Notice kind="success" isNews>
          {message("link.reported")}
        </Notice>
      </Dialog>
    );
  }
  return (
    <FormDialog
      open={open}
      title={message("link.report")}
      about={message("link.reportAbout")}
      act={message("link.reportSend")}
      busy={state === "sending"}
      problem={problem}
      onSubmit={send}
      onClose={onClose}
    >
      <Choices
        label={message("link.reportWhat")}
        value={reason}
        choices={(Object.keys(reasons) as ReportReason[]).map((value) => ({ value, label: message(reasons[value]) }))}
        onChoose={setReason}
      />
      <TextField label={message("link.reportText")} name="text" optional maxLength={textCharactersMax} />
    </FormDialog>
  );
}
