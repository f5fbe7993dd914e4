import { useId } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { Form } from "./form.tsx";

interface FormDialogProps extends Omit<DialogProps, "acts"> {
  /** Label of the submit button. */
  readonly act: string;
  /** Label of the other button. Default: "Cancel". */
  readonly cancel?: string;
  /** The action is irreversible. */
  readonly isDanger?: boolean;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Problem of the whole form. Problems of a field are shown at the field. */
  readonly problem?: string | undefined;
  /** Called on click or Enter. */
  readonly onSubmit: (fields: FormData) => void;
}

/** Dialog with a form or a confirmation: optional fields, a cancel button and a submit button. */
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
