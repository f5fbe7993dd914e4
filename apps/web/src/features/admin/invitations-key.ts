/** Under which the list of invitations is kept. */
export const invitationsKey = ["admin-invitations"] as const;
