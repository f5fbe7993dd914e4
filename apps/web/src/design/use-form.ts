import { type SubmitEvent, useState } from "react";

export type FieldProblems<Name extends string> = { readonly [Each in Name]?: string };

export interface Problems<Name extends string> {
  readonly fields?: FieldProblems<Name>;
  readonly whole?: string;
}

export interface Form<Name extends string> {
  readonly busy: boolean;
  readonly problems: Problems<Name>;
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
}

interface FormParts<Name extends string> {
  readonly names: readonly Name[];
  readonly check: (values: Readonly<Record<Name, string>>) => FieldProblems<Name>;
  readonly send: (values: Readonly<Record<Name, string>>) => Promise<unknown>;
  readonly explain: (thrown: unknown) => Problems<Name>;
}

/**
 * Shows messages at the fields and focuses the first faulty one. The browser's own messages vanish and use the
 * browser's language.
 */
export function useForm<Name extends string>({ names, check, send, explain }: FormParts<Name>): Form<Name> {
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<Problems<Name>>({});
  const show = (form: HTMLFormElement, found: Problems<Name>) => {
    setProblems(found);
    const first = names.find((name) => found.fields?.[name] !== undefined);
    const field = first === undefined ? null : form.elements.namedItem(first);
    if (field instanceof HTMLElement) field.focus();
  };
  const submit = async (form: HTMLFormElement) => {
    const data = new FormData(form);
    const values = Object.fromEntries(names.map((name) => [name, textOf(data.get(name))])) as Record<Name, string>;
    const fields = check(values);
    if (Object.keys(fields).length > 0) return show(form, { fields });
    setBusy(true);
    setProblems({});
    try {
      await send(values);
    } catch (thrown) {
      show(form, explain(thrown));
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    problems,
    onSubmit: (event) => {
      event.preventDefault();
      if (!busy) void submit(event.currentTarget);
    },
  };
}

/** @returns "" for an unknown name */
export function textOf(value: FormDataEntryValue | null): string {
  return typeof value === "string" ? value : "";
}
