import { createContext, useContext } from "react";
import type { Session } from "./session.ts";

export const SessionContext = createContext<Session | undefined>(undefined);

/** Session of the app. The link page must not have one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined)
    throw new Error("Only the app has a session; its components must be inside SessionContext.");
  return session;
}
