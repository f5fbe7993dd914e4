import type { ReactNode, SubmitEvent } from "react";
import { Notice } from "./notice.tsx";

interface FormProps {
  /** For a button that stands outside of it. */
  readonly id?: string;
  /** What is wrong with the whole; what is wrong with a field stands at it. */
  readonly problem?: string | undefined;
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  readonly children: ReactNode;
}

/** Fields one below the other. Each says what is wrong with it in the words of the page, not the browser. */
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
