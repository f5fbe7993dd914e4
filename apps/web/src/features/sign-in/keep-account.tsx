import type { HoldfastError } from "@holdfast/core/errors";
import { Button } from "../../design/button.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface KeepAccountProps {
  /** Server response that the account is being deleted. */
  readonly leaving: Pick<HoldfastError, "body">;
  readonly onKeep: (form: HTMLFormElement | null) => void;
}

/** Shown at sign-in to a deleted account: the deadline and a button to restore the account. */
export function KeepAccount({ leaving, onKeep }: KeepAccountProps) {
  const { message, day } = useMessages();
  return (
    <>
      <p role="status">{message("leaving.until", { day: day(String(leaving.body["until"])) })}</p>
      <Button type="button" wide onClick={(event) => onKeep(event.currentTarget.form)}>
        {message("leaving.keep")}
      </Button>
    </>
  );
}
