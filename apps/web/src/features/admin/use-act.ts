import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { showToast } from "../../design/toasts.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Reloads the list afterwards and shows errors. */
export function useAct<Input>(queryKey: QueryKey, act: (input: Input) => Promise<unknown>, done?: string) {
  const words = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () => done !== undefined && showToast({ text: done }),
    onError: (thrown) =>
      showToast({ text: passwordProblem(thrown, words) ?? problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
}
