import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ProgramScope } from "@holdfast/protocol/scopes";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Checkbox, Choices } from "../../design/choice.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Field, TextField } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { askedNames, type OauthClientJson, oauthClientsKey } from "./oauth-clients-list.ts";

type Made = OauthClientJson & { readonly secret: string | null };

/** Shows the secret once. */
export function NewOauthClient({ onClose }: { readonly onClose: () => void }) {
  const [made, setMade] = useState<Made>();
  if (made !== undefined) return <Registered made={made} onClose={onClose} />;
  return <AskProgram onMade={setMade} onClose={onClose} />;
}

function Registered({ made, onClose }: { readonly made: Made; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { id, name, secret } = made;
  return (
    <Dialog
      open
      isKept={secret !== null}
      title={message("clients.made", { name })}
      about={message(secret === null ? "clients.madeAboutPublic" : "clients.madeAbout")}
      onClose={onClose}
      acts={
        <Button kind="primary" onClick={onClose}>
          {message("settings.done")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <LabelledCopy label={message("clients.id")} text={id} />
        {secret !== null && <LabelledCopy label={message("clients.secret")} text={secret} />}
      </div>
    </Dialog>
  );
}

/** The dialog has two copy fields. */
function LabelledCopy({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className="flex flex-col gap-1.5">
      <p aria-hidden className="font-semibold">
        {label}
      </p>
      <CopyField label={label} text={text} />
    </div>
  );
}

interface Written {
  readonly name: string;
  readonly isPublic: boolean;
  /** Redirect addresses after sign-in and sign-out, one per line. */
  readonly back: string;
  readonly out: string;
  readonly scopes: readonly ProgramScope[];
}

interface AskProgramProps {
  readonly onMade: (made: Made) => void;
  readonly onClose: () => void;
}

function AskProgram({ onMade, onClose }: AskProgramProps) {
  const words = useMessages();
  const { message } = words;
  const [written, setWritten] = useState<Written>({
    name: "",
    isPublic: false,
    back: "",
    out: "",
    scopes: ["files:read"],
  });
  const [isTried, setTried] = useState(false);
  const register = useRegister(onMade);
  const isNameless = written.name.trim() === "";
  const send = () => {
    setTried(true);
    if (!isNameless) register.mutate(written);
  };
  const { at, text } = register.error === null ? {} : wrongWith(register.error, written, words);
  const errorAt = (field: FieldName) => (at === field ? text : undefined);
  return (
    <FormDialog
      open
      title={message("clients.new")}
      act={message("clients.new")}
      busy={register.isPending}
      problem={at === undefined ? text : undefined}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("settings.name")}
        hint={message("clients.nameHint")}
        value={written.name}
        maxLength={nameCharactersMax}
        autoComplete="off"
        error={isTried && isNameless ? message("session.missing") : errorAt("name")}
        onChange={(event) => setWritten({ ...written, name: event.target.value })}
      />
      <Choices
        label={message("clients.kind")}
        value={written.isPublic ? "public" : "secret"}
        choices={[
          { value: "secret", label: message("clients.kindSecret") },
          { value: "public", label: message("clients.kindPublic") },
        ]}
        onChoose={(kind) => setWritten({ ...written, isPublic: kind === "public" })}
      />
      <AddressFields written={written} errorAt={errorAt} onWrite={setWritten} />
      <ScopeFields scopes={written.scopes} onChange={(scopes) => setWritten({ ...written, scopes })} />
    </FormDialog>
  );
}

function useRegister(onMade: (made: Made) => void) {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, isPublic, back, out, scopes }: Written) =>
      client.call("adminAddOauthClient", {
        body: {
          name: name.trim(),
          redirect_uris: addressesOf(back),
          post_logout_redirect_uris: addressesOf(out),
          public: isPublic,
          scopes: [...scopes],
        },
      }),
    onSuccess: onMade,
    onSettled: () => queries.invalidateQueries({ queryKey: oauthClientsKey }),
  });
}

const nameCharactersMax = 200;
const addressesMax = 20;

/** Addresses may contain commas and semicolons. */
function addressesOf(text: string): string[] {
  return text.split(/\s+/).filter((address) => address !== "");
}

type FieldName = "name" | "redirect_uris" | "post_logout_redirect_uris";

/** @returns `at`: faulty field, absent for a problem of the whole form */
function wrongWith(
  thrown: Error,
  { back, out }: Written,
  words: Messages,
): { readonly at?: FieldName; readonly text: string } {
  const { message } = words;
  const failure = toHoldfastError(thrown);
  if (failure.code === "conflict") return { text: message("clients.tooMany", { max: limits.oauthClientsMax }) };
  // For list entries, the field name ends with the index.
  const at = (["name", "redirect_uris", "post_logout_redirect_uris"] as const).find(
    (field) => failure.field === field || failure.field?.startsWith(`${field}.`) === true,
  );
  if (at === undefined || at === "name")
    return { ...(at === undefined ? {} : { at }), text: problemWords(failure, words) };
  const isLong = addressesOf(at === "redirect_uris" ? back : out).length > addressesMax;
  return {
    at,
    text: isLong ? message("clients.tooManyAddresses", { max: addressesMax }) : message("clients.badAddress"),
  };
}

interface AddressFieldsProps {
  readonly written: Written;
  readonly errorAt: (field: FieldName) => string | undefined;
  readonly onWrite: (written: Written) => void;
}

function AddressFields({ written, errorAt, onWrite }: AddressFieldsProps) {
  const { message } = useMessages();
  return (
    <>
      <TextField
        label={message("clients.back")}
        hint={message(written.isPublic ? "clients.backHintPublic" : "clients.backHint")}
        value={written.back}
        rows={2}
        spellCheck={false}
        autoCapitalize="none"
        error={errorAt("redirect_uris")}
        onChange={(event) => onWrite({ ...written, back: event.target.value })}
      />
      <TextField
        label={message("clients.out")}
        hint={message("clients.outHint")}
        optional
        value={written.out}
        rows={2}
        spellCheck={false}
        autoCapitalize="none"
        error={errorAt("post_logout_redirect_uris")}
        onChange={(event) => onWrite({ ...written, out: event.target.value })}
      />
    </>
  );
}

const scopes = Object.keys(askedNames) as ProgramScope[];

interface ScopeFieldsProps {
  readonly scopes: readonly ProgramScope[];
  readonly onChange: (scopes: readonly ProgramScope[]) => void;
}

function ScopeFields({ scopes: ticked, onChange }: ScopeFieldsProps) {
  const { message } = useMessages();
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-2 font-semibold">{message("clients.may")}</legend>
      {scopes.map((scope) => (
        <Checkbox
          key={scope}
          label={message(askedNames[scope])}
          hint={scope === "admin" ? message("clients.scopeAdminHint") : undefined}
          checked={ticked.includes(scope)}
          onChange={(isTicked) =>
            onChange(scopes.filter((each) => (each === scope ? isTicked : ticked.includes(each))))
          }
        />
      ))}
      <p className="text-sm text-muted">{message("clients.mayHint")}</p>
    </fieldset>
  );
}
