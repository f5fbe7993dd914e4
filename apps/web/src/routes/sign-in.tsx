import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useSyncExternalStore } from "react";
import { useSession } from "../data/use-session.ts";
import { usePageTitle } from "../design/page-title.ts";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { Leaving } from "../features/sign-in/leaving.tsx";
import { ownPlace } from "../features/sign-in/own-place.ts";
import { SignInForm } from "../features/sign-in/sign-in-form.tsx";
import { useSignInWays } from "../features/sign-in/use-sign-in-ways.ts";
import { useMessages, withWords } from "../messages/use-messages.ts";

const SetUpFirst = lazy(async () => ({
  default: (await withWords(import("../features/sign-in/set-up-first.tsx"))).SetUpFirst,
}));

export function SignInPlace() {
  const session = useSession();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  return state === "leaving" ? <Leaving /> : <SignIn />;
}

function SignIn() {
  const { message } = useMessages();
  const { needs_setup: needsSetup } = useSignInWays();
  const { next } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  usePageTitle(message("session.signIn"));
  return (
    <FrontPage title={message("session.signIn")}>
      {needsSetup && (
        <Suspense>
          <SetUpFirst />
        </Suspense>
      )}
      <SignInForm next={next} onDone={() => void navigate({ href: ownPlace(next), replace: true })} />
      <Link to="/forgot" className="text-accent underline">
        {message("session.forgot")}
      </Link>
    </FrontPage>
  );
}
