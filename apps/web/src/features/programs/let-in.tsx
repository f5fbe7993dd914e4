import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import type { UseMutationResult } from "@tanstack/react-query";
import { serverName } from "../../browser/server-name.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface LetInProps {
  readonly answer: Pick<UseMutationResult<unknown, Error, boolean>, "error" | "isPending" | "mutate">;
  readonly asked: Pick<RouteAnswer<(typeof routes)["readProgramRequest"]>, "name" | "other_account">;
}

export function LetIn({ answer, asked: { name, other_account: isOther } }: LetInProps) {
  const words = useMessages();
  const { message } = words;
  return (
    <>
      {answer.error !== null && (
        <Notice kind="error" isNews>
          {problemWords(answer.error, words)}
        </Notice>
      )}
      <div className="flex flex-col gap-3">
        {isOther ? (
          <Notice kind="warning">{message("programs.other", { name, server: serverName })}</Notice>
        ) : (
          <Button kind="primary" wide busy={answer.isPending} onClick={() => answer.mutate(true)}>
            {message("programs.allow")}
          </Button>
        )}
        <Button wide disabled={answer.isPending} onClick={() => answer.mutate(false)}>
          {message("programs.refuse")}
        </Button>
      </div>
    </>
  );
}
