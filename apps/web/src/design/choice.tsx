import { type ReactNode, useId } from "react";
import { ProblemText } from "./problem-text.tsx";

interface ChoiceProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly disabled?: boolean;
  /** The change is being sent; the box already shows it. */
  readonly busy?: boolean;
  readonly error?: string | undefined;
  readonly onChange: (checked: boolean) => void;
}

/** Control for forms. Use `Switch` for settings that apply immediately. */
export function Checkbox(props: ChoiceProps) {
  return <Choice {...props} type="checkbox" look={`${boxLook} rounded-[4px]`} />;
}

export function Switch(props: ChoiceProps) {
  return <Choice {...props} type="checkbox" role="switch" look={switchLook} />;
}

interface ChoicesProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[];
  readonly disabled?: boolean;
  /** Set if a title shows the label. */
  readonly isLabelHidden?: boolean;
  readonly onChoose: (value: Value) => void;
}

/** Radio group with all choices visible. */
export function Choices<Value extends string>({
  label,
  value,
  choices,
  disabled,
  isLabelHidden,
  onChoose,
}: ChoicesProps<Value>) {
  const name = useId();
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className={isLabelHidden === true ? "sr-only" : "mb-2 font-semibold"}>{label}</legend>
      {choices.map((choice) => (
        <Choice
          key={choice.value}
          type="radio"
          name={name}
          label={choice.label}
          hint={choice.hint}
          checked={choice.value === value}
          disabled={disabled === true}
          onChange={() => onChoose(choice.value)}
          look={`${boxLook} rounded-full`}
        />
      ))}
    </fieldset>
  );
}

interface AnyChoiceProps extends ChoiceProps {
  readonly type: "checkbox" | "radio";
  readonly role?: "switch";
  readonly name?: string;
  readonly look: string;
}

function Choice({ label, hint, checked, disabled, busy, error, onChange, look, ...rest }: AnyChoiceProps) {
  const id = useId();
  return (
    <div className="flex gap-3 pointer-coarse:min-h-11 pointer-coarse:items-center">
      <input
        {...rest}
        id={id}
        checked={checked}
        disabled={disabled}
        aria-busy={busy === true ? true : undefined}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-about`}
        onChange={(event) => onChange(event.target.checked)}
        className={look}
      />
      <div className="min-w-0">
        <label htmlFor={id} className={disabled === true ? "text-muted" : undefined}>
          {label}
        </label>
        <div id={`${id}-about`} className="text-sm text-muted empty:hidden">
          {error === undefined ? hint : <ProblemText>{error}</ProblemText>}
        </div>
      </div>
    </div>
  );
}

// With forced colors, the system's own control renders correctly.
const boxLook =
  "choice-box mt-0.5 size-4 shrink-0 appearance-none border border-edge bg-surface transition-colors hover:border-muted active:bg-pressed checked:border-accent checked:bg-accent disabled:border-line disabled:bg-hover disabled:checked:bg-edge aria-invalid:border-danger pointer-coarse:mt-0 pointer-coarse:size-5 forced-colors:appearance-auto";

const switchLook =
  "choice-switch relative mt-px h-5 w-9 shrink-0 appearance-none rounded-full border border-edge bg-surface transition-colors before:absolute before:start-0.5 before:top-0.5 before:size-3.5 before:rounded-full before:bg-edge before:transition-transform hover:border-muted active:bg-pressed checked:border-accent checked:bg-accent checked:before:translate-x-4 checked:before:bg-on-accent disabled:border-line disabled:opacity-60 rtl:checked:before:-translate-x-4 pointer-coarse:mt-0 forced-colors:appearance-auto";
