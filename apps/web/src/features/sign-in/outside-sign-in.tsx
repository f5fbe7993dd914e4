import { useMutation } from "@tanstack/react-query";
import LogIn from "lucide-react/icons/log-in";
import { openPublicClient } from "../../data/client.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface OutsideSignInProps {
  readonly name: string;
  readonly next: string | undefined;
  /** Offered to administrators, if others have no password. */
  readonly onPassword: (() => void) | undefined;
}

export function OutsideSignIn({ name, next, onPassword }: OutsideSignInProps) {
  const words = useMessages();
  const { message } = words;
  const leave = useMutation({
    mutationFn: async () => {
      // Returns here after an expired session.
      const body = { return_to: next ?? location.pathname + location.search };
      location.assign((await openPublicClient().call("beginOutsideSignIn", { body, asksOnce: true })).url);
    },
  });
  return (
    <div className="flex flex-col gap-3">
      {leave.error !== null && (
        <Notice kind="error" isNews>
          {problemWords(leave.error, words)}
        </Notice>
      )}
      <Button wide Icon={LogIn} busy={leave.isPending} onClick={() => leave.mutate()}>
        {message("outside.continue", { name })}
      </Button>
      {onPassword !== undefined && <Button onClick={onPassword}>{message("outside.asAdministrator")}</Button>}
    </div>
  );
}
