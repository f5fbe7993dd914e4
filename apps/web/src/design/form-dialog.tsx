import { useId } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { Form } from "./form.tsx";

interface FormDialogProps extends Omit<DialogProps, "acts"> {
  /** What its button does, in a word or two. */
  readonly act: string;
  /** What the other button says; "Cancel" unless told. */
  readonly cancel?: string;
  /** What cannot be undone. */
  readonly isDanger?: boolean;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** What is wrong with the whole; what is wrong with a field stands at it. */
  readonly problem?: string | undefined;
  /** By the button or by Enter. */
  readonly onSubmit: (fields: FormData) => void;
}

/** Asks for something, or whether one is sure: fields or none, a way back, and a button that does it. */
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
