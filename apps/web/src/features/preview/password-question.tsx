import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { textOf } from "../../design/use-form.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface PasswordQuestionProps {
  readonly isWrong: boolean;
  readonly onAnswer: (password: string) => void;
}

/** In place of a document, whose frame waits for the answer. */
export function PasswordQuestion({ isWrong, onAnswer }: PasswordQuestionProps) {
  const { message } = useMessages();
  const [isMissing, setMissing] = useState(false);
  const answer = (password: string) => {
    setMissing(password === "");
    if (password !== "") onAnswer(password);
  };
  const wrong = isWrong ? message("preview.passwordWrong") : undefined;
  return (
    <div className="m-auto flex w-full max-w-100 flex-col gap-5 overflow-y-auto p-6">
      <h2 className="text-lg font-semibold">{message("preview.password")}</h2>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          answer(textOf(new FormData(event.currentTarget).get("password")));
        }}
      >
        <Field
          name="password"
          type="password"
          label={message("preview.passwordOf")}
          hint={message("preview.passwordHint")}
          error={isMissing ? message("preview.passwordMissing") : wrong}
          autoComplete="off"
          // Nothing else is shown.
          autoFocus
        />
        <Button kind="primary" type="submit">
          {message("files.open")}
        </Button>
      </Form>
    </div>
  );
}
