import { useState } from "react";
import { Checkbox, Choices, Switch } from "../../design/choice.tsx";
import { Field, SelectField, TextField } from "../../design/field.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { Specimen } from "./specimen.tsx";

export function FormsGallery() {
  return (
    <>
      <Fields />
      <ChoiceShapes />
    </>
  );
}

function Fields() {
  const { message } = useMessages();
  const [role, setRole] = useState<"viewer" | "editor">("viewer");
  const choices = (["viewer", "editor"] as const).map((value) => ({ value, label: message(`gallery.${value}`) }));
  return (
    <Specimen name="Field, TextField, SelectField">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={message("gallery.name")} hint={message("gallery.hint")} optional />
        <Field label={message("gallery.name")} defaultValue="a/b" error={message("gallery.error")} />
        <Field label={message("gallery.password")} type="password" autoComplete="off" defaultValue="correct horse" />
        <Field label={message("gallery.disabled")} disabled defaultValue="Ann" />
        <SelectField label={message("gallery.role")} value={role} choices={choices} onChoose={setRole} />
        <TextField label={message("gallery.text")} rows={2} />
      </div>
    </Specimen>
  );
}

function ChoiceShapes() {
  const { message } = useMessages();
  const [checked, setChecked] = useState(true);
  const [role, setRole] = useState<"viewer" | "editor">("viewer");
  return (
    <Specimen name="Checkbox, Switch, Choices">
      <div className="grid gap-4 sm:grid-cols-2">
        <div className="flex flex-col gap-3">
          <Checkbox label={message("gallery.name")} checked={checked} onChange={setChecked} />
          <Checkbox label={message("gallery.disabled")} checked disabled onChange={setChecked} />
          <Checkbox
            label={message("gallery.name")}
            checked={false}
            error={message("gallery.choose")}
            onChange={setChecked}
          />
        </div>
        <div className="flex flex-col gap-3">
          <Switch
            label={message("gallery.name")}
            hint={message("gallery.hint")}
            checked={checked}
            onChange={setChecked}
          />
          <Switch label={message("gallery.busy")} busy checked={!checked} onChange={() => setChecked(!checked)} />
          <Switch label={message("gallery.disabled")} checked={false} disabled onChange={setChecked} />
        </div>
        <Choices
          label={message("gallery.role")}
          value={role}
          onChoose={setRole}
          choices={[
            { value: "viewer", label: message("gallery.viewer"), hint: message("gallery.hint") },
            { value: "editor", label: message("gallery.editor") },
          ]}
        />
      </div>
    </Specimen>
  );
}
