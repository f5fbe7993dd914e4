import type { HoldfastError } from "@holdfast/core/errors";
import { Button } from "../../design/button.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface KeepAccountProps {
  readonly leaving: Pick<HoldfastError, "body">;
  readonly onKeep: (form: HTMLFormElement | null) => void;
}

/** Deadline and button to restore a deleted account. */
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
