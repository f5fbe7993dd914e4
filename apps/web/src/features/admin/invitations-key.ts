export const invitationsKey = ["admin-invitations"] as const;
