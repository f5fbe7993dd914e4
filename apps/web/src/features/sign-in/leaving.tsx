import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSession } from "../../data/use-session.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";

/** The server has not received the sign-out. */
export function Leaving() {
  const words = useMessages();
  const { message } = words;
  const session = useSession();
  const { mutate, error, isPending } = useMutation({ mutationFn: () => session.signOut() });
  usePageTitle(message("session.leaving"));
  useEffect(() => {
    document.querySelector<HTMLElement>("#title")?.focus();
    const again = () => mutate();
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, [mutate]);
  return (
    <FrontPage title={message("session.leaving")} about={message("session.leavingAbout")}>
      {error !== null && (
        <Notice kind="error" isNews>
          {problemWords(error, words)}
        </Notice>
      )}
      <Button kind="primary" wide busy={isPending} onClick={() => mutate()}>
        {message("session.leaveAgain")}
      </Button>
    </FrontPage>
  );
}
