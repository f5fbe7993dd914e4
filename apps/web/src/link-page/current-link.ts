import type { ApiClient } from "@holdfast/api-client/api-client";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { useDrive } from "../data/use-drive.ts";

export type CurrentLink = RouteAnswer<(typeof routes)["getCurrentLink"]>;

export interface OpenedLink {
  readonly token: string;
  readonly link: CurrentLink;
}

export const LinkContext = createContext<OpenedLink | undefined>(undefined);

export function useOpenedLink(): OpenedLink {
  const opened = useContext(LinkContext);
  if (opened === undefined) throw new Error("Components must be inside LinkContext.");
  return opened;
}

/** Latest known state. */
export function useCurrentLink(): CurrentLink {
  const { link } = useOpenedLink();
  return useQuery({ ...currentLink(useDrive().client), initialData: link }).data;
}

export function currentLink(client: ApiClient) {
  return queryOptions({
    queryKey: ["link"],
    queryFn: ({ signal }) => client.call("getCurrentLink", { signal }),
  });
}
