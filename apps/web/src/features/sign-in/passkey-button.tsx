import type { PasskeyAssertion, PasskeyRequest } from "@holdfast/protocol/passkey-values";
import { useMutation } from "@tanstack/react-query";
import KeyRound from "lucide-react/icons/key-round";
import { askPasskey } from "../../data/passkeys.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { passkeyWords } from "./passkey-words.ts";

interface PasskeyButtonProps {
  readonly label: string;
  readonly request: () => Promise<PasskeyRequest>;
  /** @param form form around the button */
  readonly onAnswer: (assertion: PasskeyAssertion, form: HTMLFormElement | null) => unknown;
}

export function PasskeyButton({ label, request, onAnswer }: PasskeyButtonProps) {
  const words = useMessages();
  const ask = useMutation({
    mutationFn: async (form: HTMLFormElement | null) => onAnswer(await askPasskey(await request()), form),
  });
  return (
    <>
      {ask.error !== null && (
        <Notice kind="error" isNews>
          {passkeyWords(ask.error, words)}
        </Notice>
      )}
      <Button wide Icon={KeyRound} busy={ask.isPending} onClick={(event) => ask.mutate(event.currentTarget.form)}>
        {label}
      </Button>
    </>
  );
}
