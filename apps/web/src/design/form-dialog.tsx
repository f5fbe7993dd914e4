import { useId } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { Form } from "./form.tsx";

interface FormDialogProps extends Omit<DialogProps, "acts"> {
  /** Label of the submit button. */
  readonly act: string;
  /** Default: "Cancel". */
  readonly cancel?: string;
  readonly isDanger?: boolean;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Concerns the whole form, not a field. */
  readonly problem?: string | undefined;
  readonly onSubmit: (fields: FormData) => void;
}

export function FormDialog({ act, cancel, isDanger, busy, disabled, problem, onSubmit, ...dialog }: FormDialogProps) {
  const { message } = useMessages();
  const id = useId();
  return (
    <Dialog
      {...dialog}
      acts={
        <>
          <Button onClick={dialog.onClose}>{cancel ?? message("design.cancel")}</Button>
          <Button
            kind={isDanger === true ? "danger" : "primary"}
            type="submit"
            form={id}
            busy={busy === true}
            disabled={disabled === true}
          >
            {act}
          </Button>
        </>
      }
    >
      <Form
        id={id}
        problem={problem}
        onSubmit={(event) => {
          event.preventDefault();
          if (busy !== true) onSubmit(new FormData(event.currentTarget));
        }}
      >
        {dialog.children}
      </Form>
    </Dialog>
  );
}
