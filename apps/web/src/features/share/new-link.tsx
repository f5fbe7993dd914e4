import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link2 from "lucide-react/icons/link-2";
import { type SubmitEvent, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Field, SelectField } from "../../design/field.tsx";
import { ProblemText } from "../../design/problem-text.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { LinkAddress } from "./link-address.tsx";
import { endOfDay, linkRoles } from "./permissions.ts";
import { roleWords } from "./role-menu.tsx";
import type { SharingProps } from "./sharing-props.ts";

type LinkRole = (typeof linkRoles)[number];

export function NewLink({ node }: SharingProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { message } = words;
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: (wanted: LinkFields) =>
      client.call("shareNode", { params: { id: node.id }, body: { link: true, ...wanted } }),
    onSuccess: () => setOpen(false),
    onSettled: () => queries.invalidateQueries({ queryKey: ["permissions", node.id] }),
  });
  const address = create.data?.url;
  return (
    <div className="flex flex-col gap-3">
      {address !== undefined && !isOpen && <LinkAddress value={address} />}
      {isOpen ? (
        <LinkForm
          isFolder={node.kind !== "file"}
          busy={create.isPending}
          fault={create.error === null ? undefined : problemWords(create.error, words)}
          onCancel={() => setOpen(false)}
          onSubmit={(wanted) => create.mutate(wanted)}
        />
      ) : (
        <div>
          <Button Icon={Link2} onClick={() => setOpen(true)}>
            {message("share.newLink")}
          </Button>
        </div>
      )}
    </div>
  );
}

interface LinkFields {
  readonly role: LinkRole;
  readonly name?: string;
  readonly expires_at?: string;
  readonly password?: string;
  readonly max_downloads?: number;
}

interface LinkFormProps {
  readonly isFolder: boolean;
  readonly busy: boolean;
  readonly fault: string | undefined;
  readonly onCancel: () => void;
  readonly onSubmit: (wanted: LinkFields) => void;
}

function LinkForm({ isFolder, busy, fault, onCancel, onSubmit }: LinkFormProps) {
  const { message } = useMessages();
  const [role, setRole] = useState<LinkRole>("viewer");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit({ role, ...readFields(new FormData(event.currentTarget)) });
  };
  // Uploads need a folder.
  const roles = isFolder ? linkRoles : linkRoles.filter((each) => each !== "uploader");
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 rounded-md border border-line p-4">
      <SelectField
        label={message("share.linkMay")}
        value={role}
        choices={roles.map((value) => ({ value, label: message(roleWords[value]) }))}
        onChoose={setRole}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={message("share.linkName")} optional name="name" maxLength={200} autoComplete="off" />
        <Field label={message("share.until")} optional name="until" type="date" />
        <Field label={message("share.password")} optional name="password" type="password" autoComplete="new-password" />
        <Field
          label={message("share.mostDownloads")}
          optional
          name="downloads"
          type="number"
          min={1}
          max={1_000_000_000}
        />
      </div>
      {fault !== undefined && <ProblemText>{fault}</ProblemText>}
      <div className="flex justify-end gap-3">
        <Button onClick={onCancel}>{message("design.cancel")}</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {message("share.createLink")}
        </Button>
      </div>
    </form>
  );
}

function readFields(form: FormData): Omit<LinkFields, "role"> {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const password = form.get("password");
  const ends = endOfDay(text("until"));
  return {
    ...(text("name") === "" ? {} : { name: text("name") }),
    ...(ends === undefined ? {} : { expires_at: ends }),
    // Spaces are part of a password.
    ...(typeof password === "string" && password !== "" ? { password } : {}),
    ...(text("downloads") === "" ? {} : { max_downloads: Number(text("downloads")) }),
  };
}
