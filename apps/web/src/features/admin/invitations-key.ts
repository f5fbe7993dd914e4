/** Query key of the list of invitations. */
export const invitationsKey = ["admin-invitations"] as const;
