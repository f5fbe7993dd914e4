import type { ReactNode, SubmitEvent } from "react";
import { Notice } from "./notice.tsx";

interface FormProps {
  readonly id?: string;
  /** Concerns the whole form, not a field. */
  readonly problem?: string | undefined;
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  readonly children: ReactNode;
}

/** Shows the app's own validation messages instead of the browser's. */
export function Form({ id, problem, onSubmit, children }: FormProps) {
  return (
    <form id={id} noValidate onSubmit={onSubmit} className="flex flex-col gap-5">
      {problem !== undefined && (
        <Notice kind="error" isNews>
          {problem}
        </Notice>
      )}
      {children}
    </form>
  );
}
