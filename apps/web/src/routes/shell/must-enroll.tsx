import { useQuery } from "@tanstack/react-query";
import { secondFactorQuery } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button } from "../../design/button.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { SecondFactor } from "../../features/settings/second-factor.tsx";
import { FrontPage } from "../../features/sign-in/front-page.tsx";
import { useMessages } from "../../messages/use-messages.ts";

/** The server rejects all other calls, because a second factor is overdue. */
export function MustEnroll() {
  const { message } = useMessages();
  const { client } = useDrive();
  const session = useSession();
  const { data } = useQuery(secondFactorQuery(client));
  usePageTitle(message("factor.mustTitle"));
  return (
    <FrontPage title={message("factor.mustTitle")} about={message("factor.mustAbout")}>
      <SecondFactor />
      {data?.on === true ? (
        // Repeats all rejected requests.
        <Button kind="primary" wide onClick={() => location.reload()}>
          {message("factor.goOn")}
        </Button>
      ) : (
        <Button wide onClick={() => void session.signOut().catch(() => {})}>
          {message("session.signOut")}
        </Button>
      )}
    </FrontPage>
  );
}
