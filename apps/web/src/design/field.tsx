import Eye from "lucide-react/icons/eye";
import EyeOff from "lucide-react/icons/eye-off";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { IconButton } from "./icon-button.tsx";
import { ProblemText } from "./problem-text.tsx";

interface Labelled {
  readonly label: string;
  /** Hidden by an error. */
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly optional?: boolean;
}

interface FieldProps extends Labelled, Omit<ComponentProps<"input">, "className" | "style" | "id"> {}

export function Field({ label, hint, error, optional, type = "text", ...rest }: FieldProps) {
  const id = useId();
  const { message } = useMessages();
  const [shown, setShown] = useState(false);
  const isSecret = type === "password";
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error} optional={optional === true}>
      <div className="relative">
        <input
          {...rest}
          id={id}
          type={isSecret && shown ? "text" : type}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={`${id}-about`}
          className={`${inputLook} h-10 pointer-coarse:h-11 ${isSecret ? "pe-11" : ""}`}
        />
        {isSecret && (
          <div className="absolute inset-y-0 end-0.5 flex items-center">
            <IconButton
              small
              label={message(shown ? "design.hidePassword" : "design.showPassword")}
              Icon={shown ? EyeOff : Eye}
              onClick={() => setShown(!shown)}
            />
          </div>
        )}
      </div>
    </FieldFrame>
  );
}

interface TextFieldProps extends Labelled, Omit<ComponentProps<"textarea">, "className" | "style" | "id"> {}

export function TextField({ label, hint, error, optional, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error} optional={optional === true}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-about`}
        className={`${inputLook} py-2`}
      />
    </FieldFrame>
  );
}

interface SelectFieldProps<Value extends string>
  extends Labelled, Omit<ComponentProps<"select">, "className" | "style" | "id" | "value" | "onChange"> {
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
  readonly onChoose: (value: Value) => void;
}

/** Native, so that it works with every keyboard, screen reader and phone. */
export function SelectField<Value extends string>({
  label,
  hint,
  error,
  optional,
  choices,
  onChoose,
  ...rest
}: SelectFieldProps<Value>) {
  const id = useId();
  const choose = (chosen: string) => {
    const choice = choices.find(({ value }) => value === chosen);
    if (choice !== undefined) onChoose(choice.value);
  };
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error} optional={optional === true}>
      <select
        {...rest}
        id={id}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-about`}
        onChange={(event) => choose(event.target.value)}
        className={`${inputLook} h-10 pointer-coarse:h-11`}
      >
        {choices.map(({ value, label: words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

export const inputLook =
  "w-full rounded-md border border-edge bg-surface px-3 text-base text-text transition-colors pointer-coarse:text-lg hover:border-muted focus-visible:outline-offset-0 disabled:border-line disabled:bg-hover disabled:text-muted aria-invalid:border-danger";

/** Label, hint and error around one field. The field has this `id`, and is described by `${id}-about`. */
export function FieldFrame({
  id,
  label,
  hint,
  error,
  optional,
  children,
}: Labelled & { readonly id: string; readonly children: ReactNode }) {
  const { message } = useMessages();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-semibold">
        {label}
        {optional === true && <span className="ms-2 font-normal text-muted">{message("design.optional")}</span>}
      </label>
      {children}
      <div id={`${id}-about`} className="text-sm text-muted empty:hidden">
        {error === undefined ? hint : <ProblemText>{error}</ProblemText>}
      </div>
    </div>
  );
}
