import { toHoldfastError } from "@holdfast/core/errors";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useForm } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "../sign-in/front-page.tsx";
import { useFragmentToken } from "../sign-in/use-fragment-token.ts";
import { LetIn } from "./let-in.tsx";
import { WhatItMay } from "./what-it-may.tsx";

type Asked = RouteAnswer<(typeof routes)["readDeviceRequest"]>;
interface Found {
  readonly code: string;
  readonly asked: Asked;
}

/** Accepts the code of a program without a browser. A code in the address only fills in the field. */
export function DevicePlace() {
  const [found, setFound] = useState<Found>();
  const [ended, setEnded] = useState<"allowed" | "refused">();
  const { message } = useMessages();
  if (ended !== undefined) {
    const [title, about] =
      ended === "allowed"
        ? (["programs.deviceDone", "programs.deviceDoneAbout"] as const)
        : (["programs.deviceRefused", "programs.deviceRefusedAbout"] as const);
    return <FrontPage title={message(title)} about={message(about)} />;
  }
  if (found !== undefined) return <Answer found={found} onEnd={setEnded} />;
  return <TypeCode onFound={setFound} />;
}

function TypeCode({ onFound }: { readonly onFound: (found: Found) => void }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const given = useFragmentToken();
  const { busy, problems, onSubmit } = useForm({
    names: ["code"],
    check: ({ code }) => (code.trim() === "" ? { code: message("factor.codeMissing") } : {}),
    send: async ({ code }) => {
      const asked = await client.call("readDeviceRequest", { body: { user_code: code.trim().slice(0, 32) } });
      onFound({ code: code.trim(), asked });
    },
    explain: (thrown) =>
      toHoldfastError(thrown).code === "not_found"
        ? { fields: { code: message("programs.codeWrong") } }
        : { whole: problemWords(thrown, words) },
  });
  usePageTitle(message("programs.deviceTitle"));
  return (
    <FrontPage title={message("programs.deviceTitle")} about={message("programs.deviceAbout")}>
      <Form problem={problems.whole} onSubmit={onSubmit}>
        <Field
          key={given}
          label={message("programs.code")}
          name="code"
          defaultValue={given}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          error={problems.fields?.code}
        />
        <Button kind="primary" type="submit" wide busy={busy}>
          {message("programs.next")}
        </Button>
      </Form>
    </FrontPage>
  );
}

interface AnswerProps {
  readonly found: Found;
  readonly onEnd: (how: "allowed" | "refused") => void;
}

function Answer({ found: { code, asked }, onEnd }: AnswerProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [admin, setAdmin] = useState(false);
  const answer = useMutation({
    mutationFn: (allow: boolean) => client.call("answerDeviceRequest", { body: { user_code: code, allow, admin } }),
    onSuccess: (_, allow) => onEnd(allow ? "allowed" : "refused"),
  });
  const { name, address, agent, session } = asked;
  const title = message("programs.title", { name });
  usePageTitle(title);
  return (
    <FrontPage
      title={title}
      about={
        agent === null
          ? message("programs.deviceAsksPlain", { address })
          : message("programs.deviceAsks", { address, agent })
      }
    >
      <Notice kind="warning">{message("programs.onlyYours")}</Notice>
      {!asked.other_account && <WhatItMay asked={asked} isSession={session} admin={admin} onAdmin={setAdmin} />}
      <LetIn answer={answer} asked={asked} />
    </FrontPage>
  );
}
