import type { Scope } from "@holdfast/protocol/account-routes";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Checkbox } from "../../design/choice.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Field, SelectField } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { ProblemText } from "../../design/problem-text.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

export type TokenJson = RouteAnswer<(typeof routes)["listTokens"]>["items"][number];

export const scopeNames = {
  "files:read": "settings.scopeRead",
  "files:write": "settings.scopeWrite",
  account: "settings.scopeAccount",
  admin: "settings.scopeAdmin",
  scim: "settings.scopeScim",
} as const satisfies Record<Scope, string>;

interface NewTokenProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function NewToken({ open, onClose }: NewTokenProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: TokenRequest) => client.call("createToken", { body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const close = () => {
    onClose();
    make.reset();
  };
  if (make.data !== undefined) {
    return (
      <Dialog
        open={open}
        title={message("settings.tokenMade")}
        about={message("settings.tokenMadeAbout")}
        onClose={close}
        acts={
          <Button kind="primary" onClick={close}>
            {message("settings.done")}
          </Button>
        }
      >
        <CopyField label={message("settings.token")} text={make.data.token} />
      </Dialog>
    );
  }
  return <AskToken open={open} make={make} onClose={close} />;
}

const lifetimes = ["30", "90", "365", "always"] as const;
const dayMs = 86_400_000;

interface TokenRequest {
  readonly name: string;
  readonly scopes: Scope[];
  readonly expires_at: string | null;
}

interface AskTokenProps extends NewTokenProps {
  readonly make: UseMutationResult<unknown, Error, TokenRequest>;
}

function AskToken({ open, make, onClose }: AskTokenProps) {
  const words = useMessages();
  const { message } = words;
  const { data: account } = useAccount();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["files:read"]);
  const [lifetime, setLifetime] = useState<(typeof lifetimes)[number]>("90");
  const [isTried, setTried] = useState(false);
  const offered = (Object.keys(scopeNames) as Scope[]).filter(
    (scope) => account?.admin === true || (scope !== "admin" && scope !== "scim"),
  );
  const send = () => {
    setTried(true);
    if (name.trim() === "" || scopes.length === 0) return;
    const ends = lifetime === "always" ? null : new Date(Date.now() + Number(lifetime) * dayMs).toISOString();
    make.mutate({ name: name.trim(), scopes: [...scopes], expires_at: ends });
  };
  return (
    <FormDialog
      open={open}
      title={message("settings.newToken")}
      act={message("settings.newToken")}
      busy={make.isPending}
      problem={make.error === null ? undefined : problemWords(make.error, words)}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("settings.tokenName")}
        hint={message("settings.tokenNameHint")}
        value={name}
        maxLength={200}
        autoComplete="off"
        error={isTried && name.trim() === "" ? message("session.missing") : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 font-semibold">{message("settings.tokenScopes")}</legend>
        {offered.map((scope) => (
          <Checkbox
            key={scope}
            label={message(scopeNames[scope])}
            checked={scopes.includes(scope)}
            onChange={(checked) => setScopes([...scopes.filter((each) => each !== scope), ...(checked ? [scope] : [])])}
          />
        ))}
        {isTried && scopes.length === 0 && <ProblemText>{message("settings.tokenNoScope")}</ProblemText>}
      </fieldset>
      <SelectField
        label={message("settings.tokenEnds")}
        value={lifetime}
        onChoose={setLifetime}
        choices={lifetimes.map((value) => ({
          value,
          label: value === "always" ? message("settings.always") : message("settings.days", { count: Number(value) }),
        }))}
      />
    </FormDialog>
  );
}
