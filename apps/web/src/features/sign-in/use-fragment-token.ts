import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/**
 * The secret after the # of the address, which no server sees. It goes from the address at once, and so from the history and from what
 * is copied out of the address field; a reload of the page asks for the link again.
 */
export function useFragmentToken(): string {
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const [token, setToken] = useState(hash);
  useEffect(() => {
    if (hash === "") return;
    setToken(hash);
    void navigate({ to: ".", search: true, replace: true });
  }, [hash, navigate]);
  return token;
}
